-- +goose Up

-- record: restore links, by the hashes of their tokens
CREATE TABLE links (
    token_hash BYTEA PRIMARY KEY,           -- SHA-256 of the token's bits
    trigger_id TEXT COLLATE "C" NOT NULL,   -- the trigger whose message carries it
    cart       BIGINT NOT NULL,             -- 0: the trigger is about none
    channel    TEXT COLLATE "C" NOT NULL,   -- on which the message went out
    lines      BYTEA NOT NULL,              -- JSON: what the cart held when the message was written
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX links_expiry ON links (expires_at);

-- projection: clicks on those links that were counted
CREATE TABLE clicks (
    seq        BIGINT PRIMARY KEY,
    trigger_id TEXT COLLATE "C" NOT NULL,
    cart       BIGINT NOT NULL,
    visitor_id BIGINT NOT NULL,             -- as of the click; 0: nobody known
    flow       TEXT COLLATE "C" NOT NULL,
    step       BIGINT NOT NULL,
    channel    TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX clicks_trigger ON clicks (trigger_id, at);
CREATE INDEX clicks_at ON clicks (at);

-- projection: how telling a trigger ended, on each channel and for each endpoint
CREATE TABLE endings (
    seq        BIGINT PRIMARY KEY,
    trigger_id TEXT COLLATE "C" NOT NULL,
    channel    TEXT COLLATE "C" NOT NULL,
    outcome    TEXT COLLATE "C" NOT NULL,
    reason     TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX endings_at ON endings (at);
CREATE INDEX endings_trigger ON endings (trigger_id);

-- What the log says already.
INSERT INTO endings (seq, trigger_id, channel, outcome, reason, at)
SELECT seq, COALESCE(convert_from(body, 'UTF8')::json -> 'data' ->> 'trigger_id', ''),
    COALESCE(convert_from(body, 'UTF8')::json -> 'data' ->> 'channel', 'webhook'),
    COALESCE(convert_from(body, 'UTF8')::json -> 'data' ->> 'outcome', ''),
    COALESCE(convert_from(body, 'UTF8')::json -> 'data' ->> 'reason', ''), received_at
FROM events WHERE kind = 'delivery.ended';
