-- +goose Up

-- 1: the shopper began to check out in this episode
ALTER TABLE carts ADD COLUMN checking_out INTEGER NOT NULL DEFAULT 0;

-- A decision is about a cart, or about a session (cart 0).
ALTER TABLE decisions ADD COLUMN session INTEGER NOT NULL DEFAULT 0;
ALTER TABLE decisions ADD COLUMN kind TEXT NOT NULL DEFAULT '';     -- of the flow; empty: of a cart
ALTER TABLE decisions ADD COLUMN channels TEXT NOT NULL DEFAULT ''; -- of a step that is told, with blanks between
ALTER TABLE decisions ADD COLUMN refusal TEXT NOT NULL DEFAULT '';  -- why a step that is told is not mailed as well
ALTER TABLE decisions ADD COLUMN next_at INTEGER NOT NULL DEFAULT 0;   -- when the next step is due, this one again after a hold
DROP INDEX decisions_key;
CREATE UNIQUE INDEX decisions_key ON decisions (cart, episode, flow, step, dry, outcome, reason, session);
ALTER TABLE triggers ADD COLUMN session INTEGER NOT NULL DEFAULT 0;
DROP INDEX triggers_key;
CREATE UNIQUE INDEX triggers_key ON triggers (cart, episode, flow, step, dry, session, kind);

-- projection: which cart or session went through which flow, and how far
CREATE TABLE enrolments (
    cart         INTEGER NOT NULL, -- 0: a session
    session      INTEGER NOT NULL, -- 0: a cart
    episode      INTEGER NOT NULL,
    flow         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    visitor_id   INTEGER NOT NULL,
    seq          INTEGER NOT NULL, -- the decision that it began with
    entered_at   INTEGER NOT NULL,
    abandoned_at INTEGER NOT NULL,
    holdout      INTEGER NOT NULL, -- 1: nobody is written to
    next_step    INTEGER NOT NULL,
    next_at      INTEGER NOT NULL, -- when that is to be decided on; 0 once it ended
    last_sent_at INTEGER NOT NULL, -- 0: nothing was told
    sent         INTEGER NOT NULL, -- how many steps were told
    ended_at     INTEGER NOT NULL,
    end_reason   TEXT NOT NULL,
    PRIMARY KEY (cart, session, episode)
) WITHOUT ROWID;
CREATE INDEX enrolments_due ON enrolments (next_at, cart, session) WHERE next_at > 0;
CREATE INDEX enrolments_visitor ON enrolments (visitor_id, last_sent_at);
CREATE INDEX enrolments_entered ON enrolments (entered_at);

-- projection: the flows as they were configured, each time they changed
CREATE TABLE flows (
    seq        INTEGER PRIMARY KEY,
    origin     TEXT NOT NULL, -- file, api
    changed_at INTEGER NOT NULL,
    body       BLOB NOT NULL  -- JSON
);
