-- +goose Up

-- record: restore links, by the hashes of their tokens
CREATE TABLE links (
    token_hash BLOB PRIMARY KEY,            -- SHA-256 of the token's bits
    trigger_id TEXT NOT NULL,               -- the trigger whose message carries it
    cart       INTEGER NOT NULL,            -- 0: the trigger is about none
    channel    TEXT NOT NULL,               -- on which the message went out
    lines      BLOB NOT NULL,               -- JSON: what the cart held when the message was written
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX links_expiry ON links (expires_at);

-- projection: clicks on those links that were counted
CREATE TABLE clicks (
    seq        INTEGER PRIMARY KEY,
    trigger_id TEXT NOT NULL,
    cart       INTEGER NOT NULL,
    visitor_id INTEGER NOT NULL,            -- as of the click; 0: nobody known
    flow       TEXT NOT NULL,
    step       INTEGER NOT NULL,
    channel    TEXT NOT NULL,
    at         INTEGER NOT NULL
);
CREATE INDEX clicks_trigger ON clicks (trigger_id, at);
CREATE INDEX clicks_at ON clicks (at);

-- projection: how telling a trigger ended, on each channel and for each endpoint
CREATE TABLE endings (
    seq        INTEGER PRIMARY KEY,
    trigger_id TEXT NOT NULL,
    channel    TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    at         INTEGER NOT NULL
);
CREATE INDEX endings_at ON endings (at);
CREATE INDEX endings_trigger ON endings (trigger_id);

-- What the log says already.
INSERT INTO endings (seq, trigger_id, channel, outcome, reason, at)
SELECT seq, COALESCE(json_extract(CAST(body AS TEXT), '$.data.trigger_id'), ''),
    COALESCE(json_extract(CAST(body AS TEXT), '$.data.channel'), 'webhook'),
    COALESCE(json_extract(CAST(body AS TEXT), '$.data.outcome'), ''),
    COALESCE(json_extract(CAST(body AS TEXT), '$.data.reason'), ''), received_at
FROM events WHERE kind = 'delivery.ended';
