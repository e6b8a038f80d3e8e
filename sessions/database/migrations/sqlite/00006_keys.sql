-- +goose Up

-- record: the keys of senders and readers, hashed
CREATE TABLE keys (
    id         TEXT    PRIMARY KEY,
    scope      TEXT    NOT NULL, -- write, secret
    hash       TEXT    NOT NULL UNIQUE, -- SHA-256 of the key, in hexadecimal
    created_at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL, -- 0: it is valid
    note       TEXT    NOT NULL  -- what it is for, in the operator's words
) WITHOUT ROWID;
