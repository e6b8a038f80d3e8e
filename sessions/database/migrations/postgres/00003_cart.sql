-- +goose Up

-- projection: carts, each a fold of its events
CREATE TABLE carts (
    id            BIGINT PRIMARY KEY,      -- the seq of the event that began it
    cart_id       TEXT COLLATE "C" NOT NULL, -- the shop's id of it, or empty
    visitor_id    BIGINT NOT NULL,
    status        TEXT COLLATE "C" NOT NULL, -- open, emptied, ordered, merged
    owned         BIGINT NOT NULL,         -- 1: a secret key has written it
    live          BIGINT NOT NULL,         -- 1: its last activity was not imported
    held          BIGINT NOT NULL,         -- 1: it ever held a line
    currency      TEXT COLLATE "C" NOT NULL,
    lines         BYTEA NOT NULL,          -- JSON
    units         BIGINT NOT NULL,
    value         BIGINT,                  -- minor units; null: no price known
    began_at      BIGINT NOT NULL,
    last_activity BIGINT NOT NULL,         -- by the received clock
    last_seq      BIGINT NOT NULL,
    episode       BIGINT NOT NULL,
    episode_seq   BIGINT NOT NULL,         -- the event that began the episode
    episode_at    BIGINT NOT NULL,         -- when that happened, by the sender's clock
    decided       TEXT COLLATE "C" NOT NULL, -- the episode's final outcome, or empty
    checkout_id   TEXT COLLATE "C" NOT NULL,
    email         TEXT COLLATE "C" NOT NULL,
    order_id      TEXT COLLATE "C" NOT NULL,
    ordered_at    BIGINT NOT NULL,         -- by the sender's clock; 0: not ordered
    merged_into   BIGINT NOT NULL          -- the cart that took its place, or 0
);
CREATE UNIQUE INDEX carts_name ON carts (cart_id) WHERE cart_id <> '';
CREATE INDEX carts_visitor ON carts (visitor_id, status);
CREATE INDEX carts_due ON carts (last_activity, id) WHERE status = 'open' AND live = 1 AND decided = '';

-- projection: orders, one per order id for ever
CREATE TABLE orders (
    order_id    TEXT COLLATE "C" PRIMARY KEY,
    seq         BIGINT NOT NULL,           -- the event that first completed it; 0: only its refund is known
    visitor_id  BIGINT NOT NULL,
    cart_id     TEXT COLLATE "C" NOT NULL,
    checkout_id TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    email       TEXT COLLATE "C" NOT NULL,
    currency    TEXT COLLATE "C" NOT NULL,
    total       BIGINT,                    -- minor units; null: not told
    lines       BYTEA NOT NULL,            -- JSON
    source      TEXT COLLATE "C" NOT NULL,   -- whose version these are
    received_at BIGINT NOT NULL,
    occurred_at BIGINT NOT NULL,
    refunded    BIGINT NOT NULL,           -- minor units
    cancelled   BIGINT NOT NULL
);
CREATE INDEX orders_seq ON orders (seq);
CREATE INDEX orders_visitor ON orders (visitor_id, seq);
CREATE INDEX orders_cart ON orders (cart_id, seq) WHERE cart_id <> '';
CREATE INDEX orders_checkout ON orders (checkout_id, seq) WHERE checkout_id <> '';
CREATE INDEX orders_customer ON orders (customer_id, seq) WHERE customer_id <> '';
CREATE INDEX orders_email ON orders (email, seq) WHERE email <> '';

-- projection: every decision, with its reason
CREATE TABLE decisions (
    seq          BIGINT PRIMARY KEY,
    cart         BIGINT NOT NULL,
    episode      BIGINT NOT NULL,
    flow         TEXT COLLATE "C" NOT NULL,
    step         BIGINT NOT NULL,
    dry          BIGINT NOT NULL,
    outcome      TEXT COLLATE "C" NOT NULL,
    reason       TEXT COLLATE "C" NOT NULL,
    order_id     TEXT COLLATE "C" NOT NULL,
    abandoned_at BIGINT NOT NULL,
    decided_at   BIGINT NOT NULL,
    seen         BIGINT NOT NULL           -- the head of the log that it rests on
);
CREATE UNIQUE INDEX decisions_key ON decisions (cart, episode, flow, step, dry, outcome, reason);

-- projection: what is to be told to the shop's endpoints
CREATE TABLE triggers (
    id           TEXT COLLATE "C" PRIMARY KEY,
    seq          BIGINT NOT NULL,          -- the event that it follows from
    kind         TEXT COLLATE "C" NOT NULL,  -- cart.abandoned, cart.recovered, cart.converted
    cart         BIGINT NOT NULL,
    episode      BIGINT NOT NULL,
    flow         TEXT COLLATE "C" NOT NULL,
    step         BIGINT NOT NULL,
    dry          BIGINT NOT NULL,
    order_id     TEXT COLLATE "C" NOT NULL,
    abandoned_at BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX triggers_key ON triggers (cart, episode, flow, step, dry);
CREATE INDEX triggers_seq ON triggers (seq, id);
