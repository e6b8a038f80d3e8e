-- +goose Up

-- Who decides that an endpoint is there, the configuration or those who call the API; what it is for and which kinds
-- of triggers it wants, separated by blanks, none meaning all.
ALTER TABLE endpoints ADD COLUMN managed_by TEXT NOT NULL DEFAULT 'configuration';
ALTER TABLE endpoints ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE endpoints ADD COLUMN topics TEXT NOT NULL DEFAULT '';
-- Whether its secrets stand in the configuration, and until when the second of two signs; 0: there is no end.
ALTER TABLE endpoints ADD COLUMN secrets_configured INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoints ADD COLUMN retires_at INTEGER NOT NULL DEFAULT 0;
-- How its attempts go: when the last one succeeded, since when all failed and why the last one did, and when there
-- was one at all; 0: never.
ALTER TABLE endpoints ADD COLUMN last_success_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoints ADD COLUMN failing_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoints ADD COLUMN last_attempt_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoints ADD COLUMN last_error TEXT NOT NULL DEFAULT '';

-- How many attempts were made before the delivery was last asked for again; its schedule begins after them.
ALTER TABLE deliveries ADD COLUMN resent_after INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deliveries_log ON deliveries (endpoint_id, trigger_seq, trigger_id);

-- record: each attempt to deliver a trigger to an endpoint, for 30 days
CREATE TABLE delivery_attempts (
    trigger_id  TEXT    NOT NULL,
    endpoint_id INTEGER NOT NULL,
    attempt     INTEGER NOT NULL, -- of this delivery, from 1
    started_at  INTEGER NOT NULL,
    took_ms     INTEGER NOT NULL,
    result      TEXT    NOT NULL, -- delivered, retry, gone, failed; empty: it was never noted
    status_code INTEGER NOT NULL, -- 0: there was no answer
    error       TEXT    NOT NULL,
    answer      BLOB    NOT NULL, -- how its body begins
    body        BLOB    NOT NULL, -- as it was sent
    PRIMARY KEY (trigger_id, endpoint_id, attempt)
);
CREATE INDEX delivery_attempts_started ON delivery_attempts (started_at);
