-- +goose Up

-- What is on its way right now is asked for by every other message to the same person.
CREATE INDEX deliveries_sending ON deliveries (trigger_id) WHERE status = 'sending';
CREATE INDEX mails_sending ON mails (trigger_id) WHERE status = 'sending';
