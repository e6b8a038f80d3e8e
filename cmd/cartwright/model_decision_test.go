package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cartwright/sessions"
)

// against returns under which identity an order stands against a cart.
func (m *model) against(c *modelCart) string {
	mine := func(kind, name string) bool {
		return name != "" && c.visitor != 0 && m.owner[kind+" "+name] == c.visitor
	}
	for _, by := range []struct {
		identity string
		same     func(o *modelOrder) bool
	}{
		{"cart", func(o *modelOrder) bool { return c.name != "" && o.cart == c.name }},
		{"checkout", func(o *modelOrder) bool { return c.checkout != "" && o.checkout == c.checkout }},
		{"visitor", func(o *modelOrder) bool { return c.visitor != 0 && o.visitor == c.visitor }},
		{"email", func(o *modelOrder) bool { return c.email != "" && o.email == c.email }},
		{"customer", func(o *modelOrder) bool { return mine("c", o.customer) }},
		{"email", func(o *modelOrder) bool { return mine("e", o.email) }},
	} {
		for _, o := range m.orders {
			if by.same(o) && (o.seq > c.since || o.occurred > c.begun) {
				return "order_of_" + by.identity
			}
		}
	}
	return ""
}

// due lists the carts that are to be decided at a time.
func (m *model) due(now int64) (due []*modelCart) {
	for _, c := range m.carts {
		if m.enabled != 0 && c.status == "open" && c.last >= m.enabled && (c.decided == "" || c.decided == "hold") && c.last+m.wait <= now {
			due = append(due, c)
		}
	}
	return due
}

// decide returns what is to be decided of a cart that is due.
func (m *model) decide(c *modelCart, now int64) string {
	switch {
	case m.against(c) != "":
		return "suppress " + m.against(c)
	case c.visitor != 0 && m.seen[c.visitor]+m.active > now:
		return "hold shopper_active"
	case c.last+m.oldest < now:
		return "expire too_old"
	}
	return "trigger idle"
}

// modelDecision is what a decision.made event says.
type modelDecision struct {
	Cart, Episode   int64
	Outcome, Reason string
	At              int64 `json:"decided_at"`
}

// echoes reports whether the decision of e stands already, made by somebody else.
func (m *model) echoes(e *sessions.Event) bool {
	var d modelDecision
	return json.Unmarshal(e.Data, &d) == nil && m.made[d.key()] != 0
}

func (d modelDecision) key() string { return fmt.Sprintln(d.Cart, d.Episode, d.Outcome, d.Reason) }

// decided hears a decision of the program.
func (m *model) decided(e *sessions.Event) error {
	var d modelDecision
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return err
	}
	if m.made[d.key()]++; m.echo {
		return nil
	}
	i := slices.IndexFunc(m.carts, func(c *modelCart) bool { return c.id == d.Cart })
	if i < 0 || !slices.Contains(m.due(d.At), m.carts[i]) || m.carts[i].decided == d.Outcome || m.carts[i].episode != d.Episode {
		return fmt.Errorf("decided once: event %d decides %s, which is not due", e.Seq, e.Data)
	}
	c := m.carts[i]
	if want := m.decide(c, d.At); want != d.Outcome+" "+d.Reason {
		return fmt.Errorf("decisions: event %d decides %s, not %s", e.Seq, e.Data, want)
	}
	c.decided = d.Outcome
	if d.Outcome == "trigger" {
		c.decidedAt = d.At
		m.tell(c, "cart", "cart_abandoned")
	}
	return nil
}

// undecided returns a cart that a detection at now should have decided, or nil.
func (m *model) undecided(now int64) *modelCart {
	for _, c := range m.due(now) {
		if c.decided == "" || !strings.HasPrefix(m.decide(c, now), "hold") {
			return c
		}
	}
	return nil
}

// verdict returns what is to become of a trigger that is about to be told:
// "trigger", "suppress" or "hold".
func (m *model) verdict(id string, now int64) string {
	if !strings.HasSuffix(id, "cart_abandoned") {
		return "trigger"
	}
	for _, c := range m.carts {
		if id != fmt.Sprintf("trg_%d_%d_cart_abandoned", c.id, c.episode) || c.status != "open" {
			continue
		}
		now = max(now, c.decidedAt)
		switch {
		case m.against(c) != "":
			return "suppress"
		case m.seen[c.visitor]+m.active > now && c.visitor != 0, c.last+m.wait > now:
			return "hold"
		}
		return "trigger"
	}
	return "suppress"
}

// ended hears that a delivery ended, which it does once.
func (m *model) ended(e *sessions.Event) error {
	var d struct {
		Trigger string `json:"trigger_id"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return err
	}
	if m.over[d.Trigger] {
		return fmt.Errorf("webhooks: event %d ends %s again", e.Seq, d.Trigger)
	}
	m.over[d.Trigger] = true
	return nil
}
