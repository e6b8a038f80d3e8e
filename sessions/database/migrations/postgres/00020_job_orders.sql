-- +goose Up

-- record: the table of jobs as "serve" last started with it
CREATE TABLE job_table (
    job      TEXT COLLATE "C" PRIMARY KEY,
    place    BIGINT NOT NULL, -- in the order of the table
    schedule TEXT COLLATE "C" NOT NULL,
    purpose  TEXT COLLATE "C" NOT NULL,
    deadline BIGINT NOT NULL  -- milliseconds
);

-- record: the jobs that are paused
CREATE TABLE job_pauses (
    job    TEXT COLLATE "C" PRIMARY KEY,
    since  BIGINT NOT NULL,
    who    TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL
);

-- record: of each job the last run that was asked for
CREATE TABLE job_requests (
    job      TEXT COLLATE "C" PRIMARY KEY,
    number   BIGINT NOT NULL, -- rises with each request
    asked_at BIGINT NOT NULL,
    who      TEXT COLLATE "C" NOT NULL,
    reason   TEXT COLLATE "C" NOT NULL,
    begun_at BIGINT NOT NULL, -- 0: nobody took it up yet
    ended_at BIGINT NOT NULL, -- 0: it has not ended
    outcome  TEXT COLLATE "C" NOT NULL,
    report   BYTEA NOT NULL, -- JSON: counts by word
    error    TEXT COLLATE "C" NOT NULL
);
