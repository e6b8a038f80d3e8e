-- +goose Up

-- record: up to which seq triggers were made into mails
CREATE TABLE mail_cursor (
    id  INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
);
INSERT INTO mail_cursor (id, seq) VALUES (1, 0);

-- record: a trigger on its way to a shopper by mail
CREATE TABLE mails (
    trigger_id      TEXT    PRIMARY KEY,
    trigger_seq     INTEGER NOT NULL,
    status          TEXT    NOT NULL, -- pending, sending, delivered, failed, refused, suppressed, unknown
    attempts        INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL, -- 0 once it ended; while sending, when its outcome is taken for unknown
    code            INTEGER NOT NULL, -- the SMTP server's last answer, 0 if there was none
    last_error      TEXT    NOT NULL, -- never with the shopper's address in it
    message_id      TEXT    NOT NULL, -- once an attempt was made
    created_at      INTEGER NOT NULL,
    started_at      INTEGER NOT NULL,
    ended_at        INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX mails_due ON mails (next_attempt_at, trigger_seq, trigger_id) WHERE next_attempt_at > 0;
CREATE INDEX mails_ended ON mails (ended_at) WHERE ended_at > 0;
