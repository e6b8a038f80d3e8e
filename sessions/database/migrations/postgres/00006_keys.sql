-- +goose Up

-- record: the keys of senders and readers, hashed
CREATE TABLE keys (
    id         TEXT COLLATE "C" PRIMARY KEY,
    scope      TEXT COLLATE "C" NOT NULL, -- write, secret
    hash       TEXT COLLATE "C" NOT NULL UNIQUE, -- SHA-256 of the key, in hexadecimal
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL, -- 0: it is valid
    note       TEXT COLLATE "C" NOT NULL -- what it is for, in the operator's words
);
