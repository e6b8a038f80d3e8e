-- +goose Up

-- What leads from a cart to its shopper's mailbox: the address and the customer that the backend told with
-- it, and the browsers that filled it (JSON).
ALTER TABLE carts ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE carts ADD COLUMN customer_id TEXT NOT NULL DEFAULT '';
ALTER TABLE carts ADD COLUMN browsers BLOB NOT NULL DEFAULT X'5B5D';

-- projection: whose browser an anonymous id is, and where browsers and customers are reached
CREATE TABLE contacts (
    kind        TEXT    NOT NULL, -- anonymous, customer
    value       TEXT    NOT NULL,
    told_by     TEXT    NOT NULL, -- backend, browser
    customer_id TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    told_at     INTEGER NOT NULL,
    PRIMARY KEY (kind, value, told_by)
) WITHOUT ROWID;

-- projection: whether an address may be mailed, by the newest that each kind of sender said for it and against it
CREATE TABLE consents (
    email        TEXT    NOT NULL,
    told_by      TEXT    NOT NULL, -- backend, browser
    state        TEXT    NOT NULL, -- granted, denied
    basis        TEXT    NOT NULL,
    source       TEXT    NOT NULL, -- where it was asked
    text_version TEXT    NOT NULL,
    given_at     INTEGER NOT NULL, -- by the sender's clock, at most when it arrived
    seq          INTEGER NOT NULL,
    PRIMARY KEY (email, told_by, state)
) WITHOUT ROWID;

-- projection: addresses, as keyed hashes, that are not to be mailed, each reason by itself
CREATE TABLE suppressions (
    address_hash TEXT    NOT NULL,
    reason       TEXT    NOT NULL, -- bounce, complaint, unsubscribe, manual; soft_bounce, which by itself holds nothing back
    detail       TEXT    NOT NULL,
    occurred_at  INTEGER NOT NULL,
    times        BLOB    NOT NULL, -- JSON: of soft bounces the last ones
    seq          INTEGER NOT NULL,
    PRIMARY KEY (address_hash, reason)
) WITHOUT ROWID;
CREATE INDEX suppressions_seq ON suppressions (seq) WHERE reason <> 'soft_bounce';

-- projection: mails that were decided, so that no mailbox and no network of forgers gets more than its share
CREATE TABLE mailed (
    seq          INTEGER PRIMARY KEY, -- of the decision
    address_hash TEXT    NOT NULL,
    network      TEXT    NOT NULL,    -- of whoever began the cart; empty: the backend
    cart         INTEGER NOT NULL,
    mailed_at    INTEGER NOT NULL
);
CREATE INDEX mailed_address ON mailed (address_hash, mailed_at);
CREATE INDEX mailed_network ON mailed (network, mailed_at) WHERE network <> '';

-- record: the key of the hashes of addresses and of the tokens of unsubscribe links
CREATE TABLE address_key (
    id  INTEGER PRIMARY KEY,
    key BLOB NOT NULL
);
