-- +goose Up

-- projection: carts, each a fold of its events
CREATE TABLE carts (
    id            INTEGER PRIMARY KEY,      -- the seq of the event that began it
    cart_id       TEXT NOT NULL, -- the shop's id of it, or empty
    visitor_id    INTEGER NOT NULL,
    status        TEXT NOT NULL, -- open, emptied, ordered, merged
    owned         INTEGER NOT NULL,         -- 1: a secret key has written it
    live          INTEGER NOT NULL,         -- 1: its last activity was not imported
    held          INTEGER NOT NULL,         -- 1: it ever held a line
    currency      TEXT NOT NULL,
    lines         BLOB NOT NULL,          -- JSON
    units         INTEGER NOT NULL,
    value         INTEGER,                  -- minor units; null: no price known
    began_at      INTEGER NOT NULL,
    last_activity INTEGER NOT NULL,         -- by the received clock
    last_seq      INTEGER NOT NULL,
    episode       INTEGER NOT NULL,
    episode_seq   INTEGER NOT NULL,         -- the event that began the episode
    episode_at    INTEGER NOT NULL,         -- when that happened, by the sender's clock
    decided       TEXT NOT NULL, -- the episode's final outcome, or empty
    checkout_id   TEXT NOT NULL,
    email         TEXT NOT NULL,
    order_id      TEXT NOT NULL,
    ordered_at    INTEGER NOT NULL,         -- by the sender's clock; 0: not ordered
    merged_into   INTEGER NOT NULL          -- the cart that took its place, or 0
);
CREATE UNIQUE INDEX carts_name ON carts (cart_id) WHERE cart_id <> '';
CREATE INDEX carts_visitor ON carts (visitor_id, status);
CREATE INDEX carts_due ON carts (last_activity, id) WHERE status = 'open' AND live = 1 AND decided = '';

-- projection: orders, one per order id for ever
CREATE TABLE orders (
    order_id    TEXT PRIMARY KEY,
    seq         INTEGER NOT NULL,           -- the event that first completed it; 0: only its refund is known
    visitor_id  INTEGER NOT NULL,
    cart_id     TEXT NOT NULL,
    checkout_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    email       TEXT NOT NULL,
    currency    TEXT NOT NULL,
    total       INTEGER,                    -- minor units; null: not told
    lines       BLOB NOT NULL,            -- JSON
    source      TEXT NOT NULL,   -- whose version these are
    received_at INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    refunded    INTEGER NOT NULL,           -- minor units
    cancelled   INTEGER NOT NULL
);
CREATE INDEX orders_seq ON orders (seq);
CREATE INDEX orders_visitor ON orders (visitor_id, seq);
CREATE INDEX orders_cart ON orders (cart_id, seq) WHERE cart_id <> '';
CREATE INDEX orders_checkout ON orders (checkout_id, seq) WHERE checkout_id <> '';
CREATE INDEX orders_customer ON orders (customer_id, seq) WHERE customer_id <> '';
CREATE INDEX orders_email ON orders (email, seq) WHERE email <> '';

-- projection: every decision, with its reason
CREATE TABLE decisions (
    seq          INTEGER PRIMARY KEY,
    cart         INTEGER NOT NULL,
    episode      INTEGER NOT NULL,
    flow         TEXT NOT NULL,
    step         INTEGER NOT NULL,
    dry          INTEGER NOT NULL,
    outcome      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    order_id     TEXT NOT NULL,
    abandoned_at INTEGER NOT NULL,
    decided_at   INTEGER NOT NULL,
    seen         INTEGER NOT NULL           -- the head of the log that it rests on
);
CREATE UNIQUE INDEX decisions_key ON decisions (cart, episode, flow, step, dry, outcome, reason);

-- projection: what is to be told to the shop's endpoints
CREATE TABLE triggers (
    id           TEXT PRIMARY KEY,
    seq          INTEGER NOT NULL,          -- the event that it follows from
    kind         TEXT NOT NULL,  -- cart.abandoned, cart.recovered, cart.converted
    cart         INTEGER NOT NULL,
    episode      INTEGER NOT NULL,
    flow         TEXT NOT NULL,
    step         INTEGER NOT NULL,
    dry          INTEGER NOT NULL,
    order_id     TEXT NOT NULL,
    abandoned_at INTEGER NOT NULL,
    created_at   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX triggers_key ON triggers (cart, episode, flow, step, dry);
CREATE INDEX triggers_seq ON triggers (seq, id);
