-- +goose Up

-- projection: who unsubscribed when, as keyed hashes; that they consented again later changes nothing of it
CREATE TABLE unsubscribes (
    seq          BIGINT PRIMARY KEY,
    address_hash TEXT COLLATE "C" NOT NULL,
    occurred_at  BIGINT NOT NULL
);
CREATE INDEX unsubscribes_at ON unsubscribes (occurred_at);

-- What the log says already.
INSERT INTO unsubscribes (seq, address_hash, occurred_at)
SELECT seq, COALESCE(convert_from(body, 'UTF8')::json -> 'data' ->> 'address_hash', ''),
    COALESCE((convert_from(body, 'UTF8')::json -> 'data' ->> 'at')::bigint, received_at)
FROM events WHERE kind = 'address.suppressed' AND convert_from(body, 'UTF8')::json -> 'data' ->> 'reason' = 'unsubscribe';
