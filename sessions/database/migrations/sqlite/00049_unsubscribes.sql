-- +goose Up

-- projection: who unsubscribed when, as keyed hashes; that they consented again later changes nothing of it
CREATE TABLE unsubscribes (
    seq          INTEGER PRIMARY KEY,
    address_hash TEXT    NOT NULL,
    occurred_at  INTEGER NOT NULL
);
CREATE INDEX unsubscribes_at ON unsubscribes (occurred_at);

-- What the log says already.
INSERT INTO unsubscribes (seq, address_hash, occurred_at)
SELECT seq, COALESCE(json_extract(CAST(body AS TEXT), '$.data.address_hash'), ''), COALESCE(json_extract(CAST(body AS TEXT), '$.data.at'), received_at)
FROM events WHERE kind = 'address.suppressed' AND json_extract(CAST(body AS TEXT), '$.data.reason') = 'unsubscribe';
