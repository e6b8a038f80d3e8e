-- +goose Up

-- record: that projections are to be built anew from the log before anything is appended, because
-- their rows came to mean more than was written when older events were appended
CREATE TABLE rebuild (
    reason TEXT NOT NULL
);
INSERT INTO rebuild (reason) SELECT 'flows, consent and links' FROM head WHERE seq > 0;
