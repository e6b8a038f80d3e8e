-- +goose Up

-- projection, written by the sessions follower
CREATE TABLE sessions (
    id               BIGINT PRIMARY KEY, -- the seq of the event of it that arrived first
    stream           TEXT COLLATE "C" NOT NULL,
    visitor_id       BIGINT  NOT NULL,    -- 0 for bots
    bot              BIGINT  NOT NULL,
    started_at       BIGINT  NOT NULL,
    ended_at         BIGINT  NOT NULL,    -- its last activity
    last_received_at BIGINT  NOT NULL,
    last_seq         BIGINT  NOT NULL,
    events           BIGINT  NOT NULL,
    campaign_key     TEXT COLLATE "C" NOT NULL,
    name             TEXT COLLATE "C" NOT NULL,    -- the imported file's name of it, or empty
    body             BYTEA    NOT NULL,    -- what it knows
    seqs             BYTEA    NOT NULL     -- its events: deltas as varints
);
-- of what never changes while a session goes on, so that its writes touch no index
CREATE INDEX sessions_stream ON sessions (stream);
CREATE INDEX sessions_visitor ON sessions (visitor_id);
