-- +goose Up

-- record: up to which seq triggers were made into mails
CREATE TABLE mail_cursor (
    id  BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO mail_cursor (id, seq) VALUES (1, 0);

-- record: a trigger on its way to a shopper by mail
CREATE TABLE mails (
    trigger_id      TEXT COLLATE "C" PRIMARY KEY,
    trigger_seq     BIGINT NOT NULL,
    status          TEXT COLLATE "C" NOT NULL, -- pending, sending, delivered, failed, refused, suppressed, unknown
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL, -- 0 once it ended; while sending, when its outcome is taken for unknown
    code            BIGINT NOT NULL, -- the SMTP server's last answer, 0 if there was none
    last_error      TEXT COLLATE "C" NOT NULL, -- never with the shopper's address in it
    message_id      TEXT COLLATE "C" NOT NULL, -- once an attempt was made
    created_at      BIGINT NOT NULL,
    started_at      BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL
);
CREATE INDEX mails_due ON mails (next_attempt_at, trigger_seq, trigger_id) WHERE next_attempt_at > 0;
CREATE INDEX mails_ended ON mails (ended_at) WHERE ended_at > 0;
