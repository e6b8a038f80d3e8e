-- +goose Up

-- projection: the catalog, as the shop's backend last put it
CREATE TABLE products (
    product_id TEXT    PRIMARY KEY,
    body       BLOB    NOT NULL, -- JSON of the entry
    seq        INTEGER NOT NULL  -- the event that put it
) WITHOUT ROWID;
