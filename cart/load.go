package cart

import (
	"fmt"
	"slices"

	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// A need lists what a batch of events can touch.
type need struct {
	visitors map[sessions.VisitorID]bool
	joined   map[sessions.VisitorID]bool
	names    map[sessions.CartID]bool
	orders   map[sessions.OrderID]bool
	carts    map[ID]bool
	steps    []subject // whose enrolments are decided on
}

// needOf returns the need of events, all of which matter.
func needOf(events []*sessions.Event) (need, error) {
	n := need{
		visitors: map[sessions.VisitorID]bool{}, joined: map[sessions.VisitorID]bool{},
		names: map[sessions.CartID]bool{}, orders: map[sessions.OrderID]bool{}, carts: map[ID]bool{},
	}
	for _, e := range events {
		if e.Kind == sessions.DecisionMade {
			d, err := decisionOf(e)
			if err != nil {
				return n, err
			}
			if n.carts[d.Cart] = true; d.Step > 0 {
				n.steps = append(n.steps, d.subject())
			}
			continue
		}
		n.visitors[e.Visitor] = true
		n.names[e.Cart] = true
		n.orders[e.Order] = true
		for _, v := range e.Joined {
			n.visitors[v], n.joined[v] = true, true
		}
	}
	delete(n.visitors, 0)
	delete(n.names, "")
	delete(n.orders, "")
	delete(n.carts, 0)
	return n, nil
}

// load returns the book that holds what n names: up to five queries, and for the
// usual batch of adds one.
func load(tx *gorm.DB, n need) (*book, error) {
	b := newBook()
	var err error
	if b.enrolled, err = loadRoll(tx, n.steps); err != nil {
		return nil, err
	}
	if err := database.Each(texts(n.orders), func(part []string) error { return b.loadOrders(tx, "order_id IN ?", part) }); err != nil {
		return nil, err
	}
	for _, o := range b.orders {
		if o.Cart != "" {
			n.names[o.Cart] = true
		}
	}
	err = database.Each(numbers(n.visitors), func(part []int64) error {
		return b.loadCarts(tx, "visitor_id IN ? AND status IN ('open', 'emptied')", part)
	})
	if err != nil {
		return nil, err
	}
	err = database.Each(texts(n.names), func(part []string) error { return b.loadCarts(tx, "cart_id IN ? AND cart_id <> ''", part) })
	if err != nil {
		return nil, err
	}
	if err := database.Each(numbers(n.carts), func(part []int64) error { return b.loadCarts(tx, "id IN ?", part) }); err != nil {
		return nil, err
	}
	return b, database.Each(b.unknown(n.names), func(part []string) error {
		return b.loadOrders(tx, "cart_id IN ? AND cart_id <> ''", part)
	})
}

// unknown lists those names of which there is no cart.
func (b *book) unknown(names map[sessions.CartID]bool) []string {
	missing := map[sessions.CartID]bool{}
	for name := range names {
		if _, known := b.names[name]; !known {
			missing[name] = true
		}
	}
	return texts(missing)
}

func (b *book) loadCarts(tx *gorm.DB, where string, values any) error {
	var rows []cartRow
	if err := tx.Where(where, values).Find(&rows).Error; err != nil {
		return fmt.Errorf("load carts: %w", err)
	}
	for _, r := range rows {
		c, err := r.cart()
		if err != nil {
			return err
		}
		b.stored[c.ID] = c
		b.keepCart(c)
	}
	return nil
}

func (b *book) loadOrders(tx *gorm.DB, where string, values any) error {
	var rows []orderRow
	if err := tx.Where(where, values).Find(&rows).Error; err != nil {
		return fmt.Errorf("load orders: %w", err)
	}
	for _, r := range rows {
		o, err := r.order()
		if err != nil {
			return err
		}
		b.keepOrder(o)
	}
	return nil
}

// texts and numbers return the sorted keys of a set as what the drivers take.
func texts[K ~string](set map[K]bool) []string {
	values := make([]string, 0, len(set))
	for k := range set {
		values = append(values, string(k))
	}
	slices.Sort(values)
	return values
}

func numbers[K ~int64](set map[K]bool) []int64 {
	values := make([]int64, 0, len(set))
	for k := range set {
		values = append(values, int64(k))
	}
	slices.Sort(values)
	return values
}
