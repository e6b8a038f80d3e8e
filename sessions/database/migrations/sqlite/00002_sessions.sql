-- +goose Up

-- projection, written by the sessions follower
CREATE TABLE sessions (
    id               INTEGER PRIMARY KEY, -- the seq of the event of it that arrived first
    stream           TEXT    NOT NULL,
    visitor_id       INTEGER NOT NULL,    -- 0 for bots
    bot              INTEGER NOT NULL,
    started_at       INTEGER NOT NULL,
    ended_at         INTEGER NOT NULL,    -- its last activity
    last_received_at INTEGER NOT NULL,
    last_seq         INTEGER NOT NULL,
    events           INTEGER NOT NULL,
    campaign_key     TEXT    NOT NULL,
    name             TEXT    NOT NULL,    -- the imported file's name of it, or empty
    body             BLOB    NOT NULL,    -- what it knows
    seqs             BLOB    NOT NULL     -- its events: deltas as varints
);
-- of what never changes while a session goes on, so that its writes touch no index
CREATE INDEX sessions_stream ON sessions (stream);
CREATE INDEX sessions_visitor ON sessions (visitor_id);
