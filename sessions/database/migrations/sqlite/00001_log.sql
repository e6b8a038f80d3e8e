-- +goose Up

-- log: what happened, in the order of commits
CREATE TABLE events (
    seq         INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    visitor_id  INTEGER NOT NULL,
    body        BLOB    NOT NULL
);

-- record: one row, locked by whoever appends
CREATE TABLE head (
    id     INTEGER PRIMARY KEY,
    seq    INTEGER NOT NULL,
    newest INTEGER NOT NULL -- the newest received time in the log
);
INSERT INTO head (id, seq, newest) VALUES (1, 0, 0);

-- record: keyed hashes of the message ids of one commit, 8 bytes each
CREATE TABLE hashes (
    seq          INTEGER NOT NULL, -- the first event of the commit
    format       TEXT    NOT NULL, -- the import format, empty for live events
    committed_at INTEGER NOT NULL,
    hashes       BLOB    NOT NULL,
    PRIMARY KEY (format, seq)
);

-- record: the key of those hashes
CREATE TABLE hash_key (
    id  INTEGER PRIMARY KEY,
    key BLOB NOT NULL
);

-- record: items that were refused, the newest of them
CREATE TABLE rejected (
    id          INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    code        TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    body        BLOB    NOT NULL
);

-- record: received = accepted + duplicates + rejected, for ever
CREATE TABLE ingest_counters (
    name TEXT PRIMARY KEY,
    n    INTEGER NOT NULL
);
INSERT INTO ingest_counters (name, n) VALUES ('received', 0), ('accepted', 0), ('duplicates', 0), ('rejected', 0);

-- record: how far each follower has written
CREATE TABLE cursors (
    name  TEXT PRIMARY KEY,
    seq   INTEGER NOT NULL,
    state BLOB
);

-- projection: what the log says of the settings
CREATE TABLE settings (
    id   INTEGER PRIMARY KEY,
    body BLOB NOT NULL
);

-- projection
CREATE TABLE visitors (
    id          INTEGER PRIMARY KEY,
    merged_into INTEGER NOT NULL,
    customer_id TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
);
CREATE INDEX visitors_merged ON visitors (merged_into) WHERE merged_into <> 0;

-- projection
CREATE TABLE identities (
    kind       TEXT    NOT NULL, -- anonymous, customer, email
    value      TEXT    NOT NULL,
    visitor_id INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE INDEX identities_visitor ON identities (visitor_id);
