-- +goose Up

-- record: how each job's runs went that did something, failed or went otherwise than the one before
CREATE TABLE job_runs (
    job        TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    outcome    TEXT COLLATE "C" NOT NULL, -- ok, failed, panicked, skipped
    report     BYTEA NOT NULL, -- JSON: counts by word
    error      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (job, started_at)
);

-- record: the last run of each job, at most a minute behind
CREATE TABLE job_state (
    job        TEXT COLLATE "C" PRIMARY KEY,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    outcome    TEXT COLLATE "C" NOT NULL,
    report     BYTEA NOT NULL,
    error      TEXT COLLATE "C" NOT NULL,
    runs       BIGINT NOT NULL
);

-- record: whom triggers are delivered to
CREATE TABLE endpoints (
    id              BIGINT PRIMARY KEY,
    url             TEXT COLLATE "C" NOT NULL UNIQUE,
    secrets         TEXT COLLATE "C" NOT NULL, -- separated by blanks
    created_at      BIGINT NOT NULL,
    disabled_at     BIGINT NOT NULL, -- 0 while enabled
    disabled_reason TEXT COLLATE "C" NOT NULL
);

-- record: up to which seq triggers were made into deliveries
CREATE TABLE delivery_cursor (
    id  BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO delivery_cursor (id, seq) VALUES (1, 0);

-- record: a trigger on its way to an endpoint
CREATE TABLE deliveries (
    trigger_id       TEXT COLLATE "C" NOT NULL,
    endpoint_id      BIGINT NOT NULL,
    trigger_seq      BIGINT NOT NULL,
    status           TEXT COLLATE "C" NOT NULL, -- pending, sending, delivered, failed, suppressed, cancelled
    attempts         BIGINT NOT NULL,
    next_attempt_at  BIGINT NOT NULL, -- 0 once it ended; while sending, when it is taken for lost
    last_status_code BIGINT NOT NULL,
    last_error       TEXT COLLATE "C" NOT NULL,
    created_at       BIGINT NOT NULL,
    started_at       BIGINT NOT NULL,
    ended_at         BIGINT NOT NULL,
    PRIMARY KEY (trigger_id, endpoint_id)
);
CREATE INDEX deliveries_due ON deliveries (endpoint_id, next_attempt_at, trigger_seq, trigger_id) WHERE next_attempt_at > 0;
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at > 0;
