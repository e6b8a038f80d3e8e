package api

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"

	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// Inbound are the secrets with which the platforms that a shop runs on sign their
// webhooks. Each of several is valid, while one takes the place of another; without
// any the platform's webhooks are refused.
type Inbound struct{ Shopify, WooCommerce []string }

// platform is a sender of webhooks: how it signs, and what it says.
type platform struct {
	name, setting    string
	secrets          []string
	signature, topic string   // the headers that carry them
	ids              []string // the headers that may carry an id, the best first
	ping             []byte   // how a body begins that only tries the address, which is not signed
	decode           func(wire.Delivery) (wire.Told, *sessions.Rejected)
}

func (s *Server) shopify() platform {
	return platform{
		name: "shopify", setting: "shopify-secrets", secrets: s.Inbound.Shopify,
		signature: "X-Shopify-Hmac-Sha256", topic: "X-Shopify-Topic",
		ids: []string{"X-Shopify-Event-Id", "X-Shopify-Webhook-Id"}, decode: s.Decoder.Shopify,
	}
}

func (s *Server) wooCommerce() platform {
	return platform{
		name: "woocommerce", setting: "woocommerce-secrets", secrets: s.Inbound.WooCommerce,
		signature: "X-WC-Webhook-Signature", topic: "X-WC-Webhook-Topic",
		ids: []string{"X-WC-Webhook-Delivery-ID"}, ping: []byte("webhook_id="), decode: s.Decoder.WooCommerce,
	}
}

// Heard is the answer to a webhook.
type Heard struct {
	Receipt
	Ignored string `json:"ignored,omitempty"` // why nothing was stored
}

// inbound returns the handler of a platform's webhooks. Whatever is signed and can
// be read is answered 200, because platforms switch an address off that refuses.
func (s *Server) inbound(p platform) func(*call) error {
	return func(c *call) error {
		if len(p.secrets) == 0 {
			return unavailable("not_configured", "set "+p.setting+" to the secret with which the shop signs its webhooks", retrySoon)
		}
		return s.withBody(c, func(body []byte) error { return s.hear(c, p, body) })
	}
}

func (s *Server) hear(c *call, p platform, body []byte) error {
	h := c.Request.Header
	signature := h.Get(p.signature)
	if signature == "" && isPing(body, p.ping) {
		c.heard(s.Log.Head().Seq, nil, "it only tries the address")
		return nil
	}
	if err := p.verify(signature, body); err != nil {
		return err
	}
	if h.Get(p.topic) == "" {
		return problem(http.StatusBadRequest, "topic_missing", "the header "+p.topic+" says what the webhook is about; it is missing")
	}
	told, rejected := p.decode(wire.Delivery{
		Topic: h.Get(p.topic), ID: first(h, p.ids), Body: body, Received: c.received(),
	})
	if rejected != nil && rejected.Code == wire.CodeInvalidJSON {
		return refused(*rejected)
	}
	return s.store(c, p, told, rejected)
}

// verify checks a signature against the body as it was sent, in constant time.
func (p platform) verify(signature string, body []byte) error {
	if signature == "" {
		return problem(http.StatusUnauthorized, "signature_missing", "the header "+p.signature+" is missing")
	}
	given, err := base64.StdEncoding.DecodeString(signature)
	valid := false
	for _, secret := range p.secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		valid = hmac.Equal(mac.Sum(nil), given) || valid
	}
	if err != nil || !valid {
		return problem(http.StatusUnauthorized, "signature_invalid", "the body is not signed with a secret of "+p.setting)
	}
	return nil
}

// isPing reports whether a body is a form of nothing but a number.
func isPing(body, begins []byte) bool {
	number, ok := bytes.CutPrefix(body, begins)
	return ok && len(begins) > 0 && len(number) > 0 && len(number) <= 20 && len(bytes.Trim(number, "0123456789")) == 0
}

// first returns the first of some headers that is there. An id of unlikely length
// is none.
func first(h http.Header, names []string) string {
	for _, name := range names {
		if id := h.Get(name); id != "" && len(id) <= 255 {
			return id
		}
	}
	return ""
}

// store appends what a webhook told: acts before states, and each in a way that it
// may be sent again after a failure between them.
func (s *Server) store(c *call, p platform, told wire.Told, rejected *sessions.Rejected) error {
	states := sessions.Batch{Events: told.State}
	if rejected != nil {
		states.Rejected = []sessions.Rejected{*rejected}
	}
	seq := s.Log.Head().Seq
	var refusals []sessions.Rejected
	for _, b := range []sessions.Batch{{Events: told.Once, Format: p.name}, states} {
		if len(b.Events)+len(b.Rejected) == 0 {
			continue
		}
		receipt, err := s.append(c, b)
		if err != nil {
			return err
		}
		seq = receipt.Seq
		refusals = append(append(refusals, b.Rejected...), receipt.Rejected...)
	}
	c.heard(seq, refusals, told.Ignored)
	return nil
}

// heard answers a webhook.
func (c *call) heard(seq sessions.Seq, rejected []sessions.Rejected, ignored string) {
	c.Header("Cartwright-Seq", strconv.FormatInt(int64(seq), 10))
	c.JSON(http.StatusOK, Heard{Receipt{Success: true, Seq: seq, Rejected: rejected}, ignored})
}
