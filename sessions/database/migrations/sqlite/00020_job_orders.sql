-- +goose Up

-- record: the table of jobs as "serve" last started with it
CREATE TABLE job_table (
    job      TEXT PRIMARY KEY,
    place    INTEGER NOT NULL, -- in the order of the table
    schedule TEXT NOT NULL,
    purpose  TEXT NOT NULL,
    deadline INTEGER NOT NULL  -- milliseconds
) WITHOUT ROWID;

-- record: the jobs that are paused
CREATE TABLE job_pauses (
    job    TEXT PRIMARY KEY,
    since  INTEGER NOT NULL,
    who    TEXT NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;

-- record: of each job the last run that was asked for
CREATE TABLE job_requests (
    job      TEXT PRIMARY KEY,
    number   INTEGER NOT NULL, -- rises with each request
    asked_at INTEGER NOT NULL,
    who      TEXT NOT NULL,
    reason   TEXT NOT NULL,
    begun_at INTEGER NOT NULL, -- 0: nobody took it up yet
    ended_at INTEGER NOT NULL, -- 0: it has not ended
    outcome  TEXT NOT NULL,
    report   BLOB NOT NULL, -- JSON: counts by word
    error    TEXT NOT NULL
) WITHOUT ROWID;
