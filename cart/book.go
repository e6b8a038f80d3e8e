package cart

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"cartwright/sessions"
)

// A book is the part of all carts and orders that a batch of events can touch,
// and what they make of it. It decides which carts an event is about; what
// becomes of one is [Cart.Fold]'s.
type book struct {
	carts     map[ID]Cart
	stored    map[ID]Cart // as they were loaded
	names     map[sessions.CartID]ID
	belonging map[sessions.VisitorID][]ID // carts by their visitor
	orders    map[sessions.OrderID]Order
	naming    map[sessions.CartID][]sessions.OrderID // orders by the cart they name

	changedCarts  map[ID]bool
	changedOrders map[sessions.OrderID]bool
	moves         []move
	decisions     []Decision
	triggers      []Trigger
	flows         []flowsRow
	enrolled      roll
}

// A move hands the carts and orders of visitors that were joined to another.
type move struct {
	from []sessions.VisitorID
	to   sessions.VisitorID
}

func newBook() *book {
	return &book{
		carts: map[ID]Cart{}, stored: map[ID]Cart{}, names: map[sessions.CartID]ID{}, belonging: map[sessions.VisitorID][]ID{},
		orders: map[sessions.OrderID]Order{}, naming: map[sessions.CartID][]sessions.OrderID{},
		changedCarts: map[ID]bool{}, changedOrders: map[sessions.OrderID]bool{},
		enrolled: newRoll(),
	}
}

// matters reports whether e can change anything here.
func matters(e *sessions.Event) bool {
	if e.Bot {
		return false
	}
	switch e.Kind {
	case sessions.OrderCompleted, sessions.OrderRefunded, sessions.OrderCancelled, sessions.OrderUpdated, sessions.DecisionMade, sessions.FlowsChanged:
		return true
	}
	return touches(e.Kind) || len(e.Joined) > 0
}

// returns reports whether e refunds or cancels an order, and may.
func returns(e *sessions.Event) bool {
	return (e.Kind == sessions.OrderRefunded || e.Kind == sessions.OrderCancelled) && e.Order != "" && trusted(e.Source)
}

// apply makes of e what it means. Events come in the order of the log.
func (b *book) apply(e *sessions.Event) error {
	if !matters(e) {
		return nil
	}
	if len(e.Joined) > 0 {
		b.join(move{e.Joined, e.Visitor})
	}
	switch {
	case touches(e.Kind):
		b.touch(e)
	case e.Kind == sessions.OrderCompleted && e.Order != "":
		b.complete(e)
	case e.Kind == sessions.OrderUpdated && e.Order != "" && trusted(e.Source):
		b.putOrder(b.order(e.Order).Restated(e))
	case returns(e):
		b.putOrder(b.order(e.Order).Returned(e))
	case e.Kind == sessions.DecisionMade:
		return b.decide(e)
	case e.Kind == sessions.FlowsChanged:
		row, err := flowsRowOf(e)
		b.flows = append(b.flows, row)
		return err
	}
	return nil
}

// join hands over what is loaded; the rest is moved by the store.
func (b *book) join(m move) {
	b.moves = append(b.moves, m)
	b.enrolled.moved(m)
	for _, from := range m.from {
		for _, id := range slices.Clone(b.belonging[from]) {
			c := b.carts[id]
			c.Visitor = m.to
			b.putCart(c)
		}
	}
	for _, o := range b.orders {
		if slices.Contains(m.from, o.Visitor) {
			o.Visitor = m.to
			b.putOrder(o)
		}
	}
}

// touch folds e into the cart that it is about, which it may begin.
func (b *book) touch(e *sessions.Event) {
	c, known := b.target(e)
	if !known {
		b.begin(e)
		return
	}
	writable := c.writableBy(e)
	if writable && c.Name == "" && e.Cart != "" && b.begins(e) {
		c.Name = e.Cart // the visitor's nameless cart has learnt its name
	}
	after := c.Fold(e)
	b.putCart(after)
	if writable && after.LastSeq == e.Seq {
		b.replace(e, after)
	}
}

// begins reports whether e begins a cart where there is none.
func (b *book) begins(e *sessions.Event) bool {
	return fills(e) || e.Kind == sessions.CartUpdated && e.Cart != ""
}

func (b *book) begin(e *sessions.Event) {
	if !b.begins(e) || e.Cart == "" && e.Visitor == 0 {
		return
	}
	c := Begin(e)
	if o, ordered := b.orderNaming(e.Cart); ordered {
		c = c.endedBy(o, e.Seq) // the order came first
	}
	b.putCart(c)
	if !c.closed() {
		b.replace(e, c)
	}
}

// target returns the cart that e is about: the one it names; where that is not
// known, the visitor's nameless one; and without a name the visitor's one cart.
// After a join there may be several. Then it is the one that the shop's backend
// writes, else one with units, else the newest.
func (b *book) target(e *sessions.Event) (Cart, bool) {
	if id, known := b.names[e.Cart]; known {
		return b.carts[id], true
	}
	if e.Cart == "" {
		return b.best(e.Visitor, func(c Cart) bool { return !c.closed() })
	}
	if _, ordered := b.orderNaming(e.Cart); ordered {
		return Cart{}, false // it is another one, and sold
	}
	return b.best(e.Visitor, func(c Cart) bool { return c.Name == "" && c.Status == Open })
}

func (b *book) best(v sessions.VisitorID, allowed func(Cart) bool) (best Cart, found bool) {
	for _, id := range b.belonging[v] {
		c := b.carts[id]
		if allowed(c) && (!found || prefer(c, best) > 0) {
			best, found = c, true
		}
	}
	return best, found
}

// prefer orders carts of one visitor by how likely a nameless event means them.
func prefer(a, b Cart) int {
	return cmp.Or(compareTrue(a.Owned, b.Owned), compareTrue(a.Units > 0, b.Units > 0), cmp.Compare(a.ID, b.ID))
}

func compareTrue(a, b bool) int { return int(flag(a) - flag(b)) }

// replace lets a named whole cart take the place of the nameless ones of its
// visitor: what they held, it holds.
func (b *book) replace(e *sessions.Event, by Cart) {
	if e.Kind != sessions.CartUpdated || e.Cart == "" || e.Visitor == 0 {
		return
	}
	for _, id := range slices.Clone(b.belonging[e.Visitor]) {
		if c := b.carts[id]; c.Name == "" && c.Status == Open {
			b.putCart(c.mergedInto(by.ID, e.Seq))
		}
	}
}

// decide writes down a decision of ours.
func (b *book) decide(e *sessions.Event) error {
	d, err := decisionOf(e)
	if err != nil {
		return err
	}
	b.decisions = append(b.decisions, d)
	if t, tells := d.trigger(); tells {
		b.triggers = append(b.triggers, t)
	}
	b.enrolled.decided(d)
	c, known := b.carts[d.Cart]
	if known && !d.Dry && d.Step == 0 && d.Outcome != Hold && c.Episode == d.Episode {
		c.Decided = d.Outcome
		b.putCart(c)
	}
	return nil
}

// decisionOf reads the content of a decision.made event.
func decisionOf(e *sessions.Event) (Decision, error) {
	var d content
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return Decision{}, fmt.Errorf("read the decision of event %d: %w", e.Seq, err)
	}
	d.Seq, d.Visitor = e.Seq, e.Visitor
	return Decision(d), nil
}

// putCart keeps c, to be written.
func (b *book) putCart(c Cart) {
	b.keepCart(c)
	b.changedCarts[c.ID] = true
}

func (b *book) keepCart(c Cart) {
	before, known := b.carts[c.ID]
	b.carts[c.ID] = c
	if c.Name != "" {
		b.names[c.Name] = c.ID
	}
	if known && before.Visitor == c.Visitor {
		return
	}
	if known && (before.Decided != "" || before.Episode > 1) { // there may be enrolments
		b.enrolled.follow(c)
	}
	b.belonging[before.Visitor] = slices.DeleteFunc(b.belonging[before.Visitor], func(id ID) bool { return id == c.ID })
	if c.Visitor != 0 { // nobody's carts are nobody's to find
		b.belonging[c.Visitor] = append(b.belonging[c.Visitor], c.ID)
	}
}
