-- +goose Up

-- record: coupon codes, those of the pool and those that the shop was asked for; each goes to one trigger's message
CREATE TABLE coupons (
    code         TEXT COLLATE "C" PRIMARY KEY,
    added_at     BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL, -- 0: never
    trigger_id   TEXT COLLATE "C" NOT NULL, -- empty: it is free
    visitor_id   BIGINT NOT NULL, -- who got it, as of then
    address_hash TEXT COLLATE "C" NOT NULL, -- of their address, if one was proven
    issued_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX coupons_trigger ON coupons (trigger_id) WHERE trigger_id <> '';
CREATE INDEX coupons_free ON coupons (expires_at, added_at, code) WHERE trigger_id = '';
CREATE INDEX coupons_visitor ON coupons (visitor_id, issued_at) WHERE trigger_id <> '';
CREATE INDEX coupons_address ON coupons (address_hash, issued_at) WHERE address_hash <> '';
CREATE INDEX coupons_issued ON coupons (issued_at) WHERE trigger_id <> '';

-- record: triggers whose message was to carry a code and has none: the shop is being asked for it, or why there is none
CREATE TABLE coupon_requests (
    trigger_id   TEXT COLLATE "C" PRIMARY KEY,
    visitor_id   BIGINT NOT NULL,
    address_hash TEXT COLLATE "C" NOT NULL,
    reason       TEXT COLLATE "C" NOT NULL, -- why there is none; empty: the shop is being asked
    failures     BIGINT NOT NULL, -- how often the shop was asked and gave no usable answer
    detail       TEXT COLLATE "C" NOT NULL, -- what went wrong the last time
    asked_at     BIGINT NOT NULL
);
CREATE INDEX coupon_requests_asked ON coupon_requests (asked_at);
CREATE INDEX coupon_requests_visitor ON coupon_requests (visitor_id) WHERE reason = '';
CREATE INDEX coupon_requests_address ON coupon_requests (address_hash) WHERE reason = '';
