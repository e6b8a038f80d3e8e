-- +goose Up

-- log: what happened, in the order of commits
CREATE TABLE events (
    seq         BIGINT PRIMARY KEY,
    received_at BIGINT  NOT NULL,
    occurred_at BIGINT  NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    source      TEXT COLLATE "C" NOT NULL,
    visitor_id  BIGINT  NOT NULL,
    body        BYTEA    NOT NULL
);

-- record: one row, locked by whoever appends
CREATE TABLE head (
    id     BIGINT PRIMARY KEY,
    seq    BIGINT  NOT NULL,
    newest BIGINT  NOT NULL -- the newest received time in the log
);
INSERT INTO head (id, seq, newest) VALUES (1, 0, 0);

-- record: keyed hashes of the message ids of one commit, 8 bytes each
CREATE TABLE hashes (
    seq          BIGINT  NOT NULL, -- the first event of the commit
    format       TEXT COLLATE "C" NOT NULL, -- the import format, empty for live events
    committed_at BIGINT  NOT NULL,
    hashes       BYTEA    NOT NULL,
    PRIMARY KEY (format, seq)
);

-- record: the key of those hashes
CREATE TABLE hash_key (
    id  BIGINT PRIMARY KEY,
    key BYTEA NOT NULL
);

-- record: items that were refused, the newest of them
CREATE TABLE rejected (
    id          BIGINT PRIMARY KEY,
    received_at BIGINT  NOT NULL,
    code        TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    body        BYTEA    NOT NULL
);

-- record: received = accepted + duplicates + rejected, for ever
CREATE TABLE ingest_counters (
    name TEXT COLLATE "C" PRIMARY KEY,
    n    BIGINT  NOT NULL
);
INSERT INTO ingest_counters (name, n) VALUES ('received', 0), ('accepted', 0), ('duplicates', 0), ('rejected', 0);

-- record: how far each follower has written
CREATE TABLE cursors (
    name  TEXT COLLATE "C" PRIMARY KEY,
    seq   BIGINT  NOT NULL,
    state BYTEA
);

-- projection: what the log says of the settings
CREATE TABLE settings (
    id   BIGINT PRIMARY KEY,
    body BYTEA NOT NULL
);

-- projection
CREATE TABLE visitors (
    id          BIGINT PRIMARY KEY,
    merged_into BIGINT  NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT  NOT NULL
);
CREATE INDEX visitors_merged ON visitors (merged_into) WHERE merged_into <> 0;

-- projection
CREATE TABLE identities (
    kind       TEXT COLLATE "C" NOT NULL, -- anonymous, customer, email
    value      TEXT COLLATE "C" NOT NULL,
    visitor_id BIGINT  NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE INDEX identities_visitor ON identities (visitor_id);
