-- +goose Up

-- What is about one session lies together, as what is about one cart does: with the
-- session last, all that browse flows ever did had to be read for it.
DROP INDEX decisions_key;
CREATE UNIQUE INDEX decisions_key ON decisions (cart, session, episode, flow, step, dry, outcome, reason);
DROP INDEX triggers_key;
CREATE UNIQUE INDEX triggers_key ON triggers (cart, session, episode, flow, step, dry, kind);
