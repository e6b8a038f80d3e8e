-- +goose Up
-- leases: which process may do a job now. A record, not a projection.
CREATE TABLE leases (
    name       TEXT    NOT NULL PRIMARY KEY,
    holder     TEXT    NOT NULL,
    token      INTEGER NOT NULL, -- rises with each holding
    expires_at INTEGER NOT NULL  -- milliseconds since 1970 UTC, exclusive
) STRICT, WITHOUT ROWID;
