package flow

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"cartwright/sessions"
)

// Kind says what a flow is about.
type Kind string

// The kinds. Of a shopper who left several things the later in this list counts.
const (
	Browse   Kind = "browse"   // looked at products and left without a cart
	Cart     Kind = "cart"     // left products in a cart
	Checkout Kind = "checkout" // left a cart during checkout
)

// Channel is a way on which a step reaches a shopper.
type Channel string

// The channels.
const (
	Webhook Channel = "webhook" // the shop's endpoints are told, and reach the shopper themselves
	Email   Channel = "email"   // Cartwright mails
)

// Flow says what is made of one kind of abandonment. It is a value.
type Flow struct {
	Name       string // its own among all flows; stays in decisions for ever
	Kind       Kind
	Wait       time.Duration // idle so long, a subject is abandoned
	MaximumAge time.Duration // idle longer than this, it is let go
	Active     time.Duration // a shopper seen within it counts as active
	Conditions Conditions
	Steps      []Step        // in the order of their offsets; none: only the abandonment is told
	Quiet      Quiet         // when nobody is written to; the zero value means never
	Cap        time.Duration // at least so long between two messages to one person
	CoolDown   time.Duration // nobody is written to so long after an order
	Holdout    int           // percent of people who are not written to
	Priority   int           // the highest that takes a subject has it

	// CouponFirst lets the first step carry a coupon code. Without it none does: whoever
	// learns that leaving a cart brings a code leaves carts.
	CouponFirst bool
}

// Step is one message of a flow's sequence.
type Step struct {
	Offset   time.Duration // from the abandonment, not from the last activity
	Channels []Channel     // in the order of the alphabet
	Coupon   bool          // the message carries a coupon code
}

// What holds where a flow says nothing.
const (
	DefaultCap      = 16 * time.Hour
	DefaultCoolDown = 24 * time.Hour
	DefaultAge      = 7 * 24 * time.Hour
	active          = 30 * time.Minute
)

// DefaultWait returns the wait of a kind: 4 hours for browsing, an hour for a cart,
// half an hour for a checkout.
func DefaultWait(k Kind) time.Duration {
	switch k {
	case Browse:
		return 4 * time.Hour
	case Checkout:
		return 30 * time.Minute
	}
	return time.Hour
}

// defaultPriority puts checkouts before carts and these before browsing.
func defaultPriority(k Kind) int {
	return map[Kind]int{Browse: 10, Cart: 20, Checkout: 30}[k]
}

// DefaultSteps are those of a flow that names none: with the default wait of a cart
// 1, 24 and 72 hours after its last activity.
func DefaultSteps() []Step {
	var steps []Step
	for _, offset := range []time.Duration{0, 23 * time.Hour, 71 * time.Hour} {
		steps = append(steps, Step{Offset: offset, Channels: []Channel{Webhook}})
	}
	return steps
}

// New returns the flow that only tells of abandoned carts, with a wait and a maximum
// age: what is made of them where no flow is configured.
func New(wait, maximumAge time.Duration) Flow {
	return Flow{
		Name: "cart", Kind: Cart, Wait: wait, MaximumAge: maximumAge, Active: min(wait, active),
		Cap: DefaultCap, CoolDown: DefaultCoolDown, Priority: defaultPriority(Cart),
	}
}

// Default returns the flow of [New] with a wait of an hour and a maximum age of 7
// days.
func Default() Flow { return New(time.Hour, DefaultAge) }

// Check returns what makes the waits of the flow unusable, or nil.
func (f Flow) Check() error {
	if f.Wait < time.Millisecond {
		return fmt.Errorf("wait %s: a shopper must be idle for some time to have left", f.Wait)
	}
	if f.MaximumAge <= f.Wait {
		return fmt.Errorf("maximum age %s: must be longer than the wait of %s", f.MaximumAge, f.Wait)
	}
	return nil
}

// AbandonedAt returns when a subject of this last activity is abandoned.
func (f Flow) AbandonedAt(lastActivity sessions.Millis) sessions.Millis {
	return lastActivity.Add(f.Wait)
}

// DueAt returns when step n, counted from 1, of what was abandoned at a time is due,
// and false if there is no such step.
func (f Flow) DueAt(n int64, abandoned sessions.Millis) (sessions.Millis, bool) {
	if n < 1 || n > int64(len(f.Steps)) {
		return 0, false
	}
	return abandoned.Add(f.Steps[n-1].Offset), true
}

// HeldOut reports whether a person is in the holdout. The same visitor is always in
// it or never, of every flow with this share or a larger one, whenever and by
// whichever replica it is asked, so that nobody is written to by one flow whom
// another compares with. It is asked when a subject enters a flow: who turns out later to
// be another visitor stays where they were put, as intention to treat wants it.
func (f Flow) HeldOut(person sessions.VisitorID) bool {
	sum := sha256.Sum256(fmt.Appendf(nil, "holdout %d", person))
	return f.Holdout > 0 && binary.BigEndian.Uint64(sum[:8])%100 < uint64(f.Holdout)
}

// Plan is all flows of a shop, the first to be asked first.
type Plan []Flow

// PlanOf returns flows in the order in which they are asked: by their priority, those of
// the same one as they were configured.
func PlanOf(flows []Flow) Plan {
	p := slices.Clone(flows)
	slices.SortStableFunc(p, func(a, b Flow) int { return cmp.Compare(b.Priority, a.Priority) })
	return p
}

// Named returns the flow of a name, and false if there is none any more.
func (p Plan) Named(name string) (Flow, bool) {
	i := slices.IndexFunc(p, func(f Flow) bool { return f.Name == name })
	if i < 0 {
		return Flow{}, false
	}
	return p[i], true
}

// ShortestWait returns the shortest wait of flows of some kinds, and false if there
// is none of these.
func (p Plan) ShortestWait(kinds ...Kind) (shortest time.Duration, found bool) {
	for _, f := range p {
		if slices.Contains(kinds, f.Kind) && (!found || f.Wait < shortest) {
			shortest, found = f.Wait, true
		}
	}
	return shortest, found
}
