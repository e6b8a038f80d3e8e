-- +goose Up

-- record: how each job's runs went that did something, failed or went otherwise than the one before
CREATE TABLE job_runs (
    job        TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    outcome    TEXT    NOT NULL, -- ok, failed, panicked, skipped
    report     BLOB    NOT NULL, -- JSON: counts by word
    error      TEXT    NOT NULL,
    PRIMARY KEY (job, started_at)
) WITHOUT ROWID;

-- record: the last run of each job, at most a minute behind
CREATE TABLE job_state (
    job        TEXT PRIMARY KEY,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    outcome    TEXT    NOT NULL,
    report     BLOB    NOT NULL,
    error      TEXT    NOT NULL,
    runs       INTEGER NOT NULL
) WITHOUT ROWID;

-- record: whom triggers are delivered to
CREATE TABLE endpoints (
    id              INTEGER PRIMARY KEY,
    url             TEXT    NOT NULL UNIQUE,
    secrets         TEXT    NOT NULL, -- separated by blanks
    created_at      INTEGER NOT NULL,
    disabled_at     INTEGER NOT NULL, -- 0 while enabled
    disabled_reason TEXT    NOT NULL
);

-- record: up to which seq triggers were made into deliveries
CREATE TABLE delivery_cursor (
    id  INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
);
INSERT INTO delivery_cursor (id, seq) VALUES (1, 0);

-- record: a trigger on its way to an endpoint
CREATE TABLE deliveries (
    trigger_id       TEXT    NOT NULL,
    endpoint_id      INTEGER NOT NULL,
    trigger_seq      INTEGER NOT NULL,
    status           TEXT    NOT NULL, -- pending, sending, delivered, failed, suppressed, cancelled
    attempts         INTEGER NOT NULL,
    next_attempt_at  INTEGER NOT NULL, -- 0 once it ended; while sending, when it is taken for lost
    last_status_code INTEGER NOT NULL,
    last_error       TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    started_at       INTEGER NOT NULL,
    ended_at         INTEGER NOT NULL,
    PRIMARY KEY (trigger_id, endpoint_id)
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (endpoint_id, next_attempt_at, trigger_seq, trigger_id) WHERE next_attempt_at > 0;
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at > 0;
