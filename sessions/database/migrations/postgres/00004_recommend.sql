-- +goose Up

-- projection: the catalog, as the shop's backend last put it
CREATE TABLE products (
    product_id TEXT COLLATE "C" PRIMARY KEY,
    body       BYTEA  NOT NULL, -- JSON of the entry
    seq        BIGINT NOT NULL  -- the event that put it
);
