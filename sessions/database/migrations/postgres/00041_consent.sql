-- +goose Up

-- What leads from a cart to its shopper's mailbox: the address and the customer that the backend told with
-- it, and the browsers that filled it (JSON).
ALTER TABLE carts ADD COLUMN address TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE carts ADD COLUMN customer_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE carts ADD COLUMN browsers BYTEA NOT NULL DEFAULT '\x5b5d';

-- projection: whose browser an anonymous id is, and where browsers and customers are reached
CREATE TABLE contacts (
    kind        TEXT COLLATE "C" NOT NULL, -- anonymous, customer
    value       TEXT COLLATE "C" NOT NULL,
    told_by     TEXT COLLATE "C" NOT NULL, -- backend, browser
    customer_id TEXT COLLATE "C" NOT NULL,
    email       TEXT COLLATE "C" NOT NULL,
    told_at     BIGINT NOT NULL,
    PRIMARY KEY (kind, value, told_by)
);

-- projection: whether an address may be mailed, by the newest that each kind of sender said for it and against it
CREATE TABLE consents (
    email        TEXT COLLATE "C" NOT NULL,
    told_by      TEXT COLLATE "C" NOT NULL, -- backend, browser
    state        TEXT COLLATE "C" NOT NULL, -- granted, denied
    basis        TEXT COLLATE "C" NOT NULL,
    source       TEXT COLLATE "C" NOT NULL, -- where it was asked
    text_version TEXT COLLATE "C" NOT NULL,
    given_at     BIGINT NOT NULL, -- by the sender's clock, at most when it arrived
    seq          BIGINT NOT NULL,
    PRIMARY KEY (email, told_by, state)
);

-- projection: addresses, as keyed hashes, that are not to be mailed, each reason by itself
CREATE TABLE suppressions (
    address_hash TEXT COLLATE "C" NOT NULL,
    reason       TEXT COLLATE "C" NOT NULL, -- bounce, complaint, unsubscribe, manual; soft_bounce, which by itself holds nothing back
    detail       TEXT COLLATE "C" NOT NULL,
    occurred_at  BIGINT NOT NULL,
    times        BYTEA    NOT NULL, -- JSON: of soft bounces the last ones
    seq          BIGINT NOT NULL,
    PRIMARY KEY (address_hash, reason)
);
CREATE INDEX suppressions_seq ON suppressions (seq) WHERE reason <> 'soft_bounce';

-- projection: mails that were decided, so that no mailbox and no network of forgers gets more than its share
CREATE TABLE mailed (
    seq          BIGINT PRIMARY KEY, -- of the decision
    address_hash TEXT COLLATE "C" NOT NULL,
    network      TEXT COLLATE "C" NOT NULL,    -- of whoever began the cart; empty: the backend
    cart         BIGINT NOT NULL,
    mailed_at    BIGINT NOT NULL
);
CREATE INDEX mailed_address ON mailed (address_hash, mailed_at);
CREATE INDEX mailed_network ON mailed (network, mailed_at) WHERE network <> '';

-- record: the key of the hashes of addresses and of the tokens of unsubscribe links
CREATE TABLE address_key (
    id  BIGINT PRIMARY KEY,
    key BYTEA NOT NULL
);
