-- +goose Up

-- On which channels a trigger goes out, with blanks between: webhook, email.
ALTER TABLE triggers ADD COLUMN channels TEXT COLLATE "C" NOT NULL DEFAULT 'webhook';
