-- +goose Up
-- leases: which process may do a job now. A record, not a projection.
CREATE TABLE leases (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder     TEXT COLLATE "C" NOT NULL,
    token      BIGINT NOT NULL, -- rises with each holding
    expires_at BIGINT NOT NULL  -- milliseconds since 1970 UTC, exclusive
);
