-- +goose Up

-- When the newest state was changed that a shop's platform told of a record, by its own clock; 0: none
-- was told. An older state never replaces a newer one.
ALTER TABLE carts ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE products ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;
