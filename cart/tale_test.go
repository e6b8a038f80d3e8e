package cart_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cartwright/cart"
	"cartwright/sessions"
)

func (n *naive) decided(e *sessions.Event) {
	var d struct {
		Cart, Episode int64
		Outcome       string
		Dry           bool
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		panic(err)
	}
	prefix := "trg"
	if d.Dry {
		prefix = "dry_trg"
	}
	if d.Outcome == "trigger" {
		n.tell(prefix, d.Cart, d.Episode, "cart_abandoned", "cart")
	}
	for _, c := range n.carts {
		if c.id == d.Cart && c.episode == d.Episode && !d.Dry && d.Outcome != "hold" {
			c.decided = d.Outcome
		}
	}
}

func (n *naive) clicked(e *sessions.Event) {
	var c struct{ Cart int64 }
	if err := json.Unmarshal(e.Data, &c); err != nil {
		panic(err)
	}
	n.triggers = append(n.triggers, fmt.Sprintf("trg_%d_1_recovery_clicked_%d", c.Cart, e.Seq))
}

// tell notes a trigger, one for each cart, episode and flow.
func (n *naive) tell(prefix string, id, episode int64, kind, flow string) {
	key := fmt.Sprint(prefix, id, episode, flow)
	if !n.had[key] {
		n.had[key] = true
		n.triggers = append(n.triggers, fmt.Sprintf("%s_%d_%d_%s", prefix, id, episode, kind))
	}
}

// tale is what the oracle and the store are compared by.
func (n *naive) tale() string {
	var b strings.Builder
	for _, c := range n.carts {
		fmt.Fprintln(&b, "cart", c.id, c.name, c.visitor, c.status, c.decided, c.order, c.episode, c.owned, c.live, c.last, c.units)
	}
	slices.SortFunc(n.orders, func(a, b *naiveOrder) int { return cmp.Compare(a.id, b.id) })
	for _, o := range n.orders {
		if o.seq == 0 {
			continue // not completed: not listed
		}
		fmt.Fprintln(&b, "order", o.id, o.seq, o.cart, o.visitor, o.total, o.refunded, o.fromBrowser, o.cancelled)
	}
	slices.Sort(n.triggers)
	fmt.Fprintln(&b, n.triggers)
	return b.String()
}

// taleOf tells the store's rows in the same words.
func taleOf(carts []cart.Cart, orders []cart.Order, triggers []cart.Trigger) string {
	var b strings.Builder
	slices.Reverse(carts)
	for _, c := range carts {
		units := map[string]int64{}
		for _, l := range c.Lines {
			units[string(l.Product)] += l.Quantity
		}
		fmt.Fprintln(&b, "cart", c.ID, c.Name, c.Visitor, c.Status, c.Decided, c.Order, c.Episode, c.Owned, c.Live, c.LastActivity, units)
	}
	slices.SortFunc(orders, func(a, b cart.Order) int { return cmp.Compare(a.ID, b.ID) })
	for _, o := range orders {
		var total int64
		if o.Total != nil {
			total = *o.Total
		}
		fmt.Fprintln(&b, "order", o.ID, o.Seq, o.Cart, o.Visitor, total, o.Refunded, o.Source == sessions.Browser, o.Cancelled)
	}
	ids := []string{}
	for _, t := range triggers {
		ids = append(ids, t.ID)
	}
	slices.Sort(ids)
	fmt.Fprintln(&b, ids)
	return b.String()
}
