package cart

import (
	"errors"
	"fmt"
	"time"

	"cartwright/sessions"
)

// Outcome is what was decided of an episode.
type Outcome string

// The outcomes. All but Hold are final for the episode.
const (
	Fire     Outcome = "trigger"  // tell the shop
	Suppress Outcome = "suppress" // an order stands against it
	Expire   Outcome = "expire"   // it was left too long ago
	Hold     Outcome = "hold"     // not now; looked at again
)

// Reason says why, in words that stay as they are.
type Reason string

// The reasons of decisions, and of [Messages.Recheck].
const (
	Idle            Reason = "idle"              // trigger: nothing stands against it
	OrderOfCart     Reason = "order_of_cart"     // an order named this cart
	OrderOfCheckout Reason = "order_of_checkout" // an order named its checkout
	OrderOfVisitor  Reason = "order_of_visitor"  // its visitor ordered
	OrderOfCustomer Reason = "order_of_customer" // an order under a customer id of its visitor
	OrderOfEmail    Reason = "order_of_email"    // an order under an address of its visitor or its own
	ShopperActive   Reason = "shopper_active"    // hold: the shopper is here
	CartInUse       Reason = "cart_in_use"       // recheck: hold, its last activity is not the wait ago any more
	TooOld          Reason = "too_old"           // expire: beyond the maximum age
	CartClosed      Reason = "cart_closed"       // recheck: ordered, emptied or merged since
	CartChanged     Reason = "cart_changed"      // recheck: a later episode has begun
)

// Flow is the configuration of what is made of abandoned carts.
type Flow struct {
	Name       string
	Wait       time.Duration // idle so long, a cart is abandoned
	MaximumAge time.Duration // idle longer than this, it is let go
	Active     time.Duration // a shopper seen within it counts as active
}

// DefaultFlow returns the flow with a wait of 60 minutes and a maximum age of 7
// days.
func DefaultFlow() Flow { return NewFlow(time.Hour, 7*24*time.Hour) }

// NewFlow returns the cart flow of a wait and a maximum age. A shopper counts as
// active for half an hour, or the wait if that is shorter.
func NewFlow(wait, maximumAge time.Duration) Flow {
	return Flow{Name: "cart", Wait: wait, MaximumAge: maximumAge, Active: min(wait, 30*time.Minute)}
}

// Check returns what makes the flow unusable, or nil.
func (f Flow) Check() error {
	var errs []error
	if f.Wait <= 0 {
		errs = append(errs, fmt.Errorf("wait %s: a cart must be idle for some time to be abandoned", f.Wait))
	}
	if f.MaximumAge <= f.Wait {
		errs = append(errs, fmt.Errorf("maximum age %s: must be longer than the wait of %s", f.MaximumAge, f.Wait))
	}
	return errors.Join(errs...)
}

// AbandonedAt returns when a cart of this last activity is abandoned.
func (f Flow) AbandonedAt(lastActivity sessions.Millis) sessions.Millis {
	return lastActivity.Add(f.Wait)
}

// Facts are what a decision on a cart rests on.
type Facts struct {
	Cart     Cart
	Order    sessions.OrderID // one that stands against it, or empty
	Identity Reason           // under which identity, when there is one
	Seen     sessions.Millis  // the shopper's last activity of any kind; 0: none known
}

// Decide returns what the flow makes of an abandoned cart at a time: an order
// suppresses, an active shopper holds, too high an age expires, and else it
// triggers. The boundaries belong to the cart: idle exactly the wait is
// abandoned, exactly the maximum age is not too old, seen exactly the active
// window ago is not active.
func Decide(f Flow, facts Facts, now sessions.Millis) (Outcome, Reason) {
	switch {
	case facts.Order != "":
		return Suppress, facts.Identity
	case facts.Seen != 0 && facts.Seen.Add(f.Active) > now:
		return Hold, ShopperActive
	case facts.Cart.LastActivity.Add(f.MaximumAge) < now:
		return Expire, TooOld
	}
	return Fire, Idle
}

// Verdict is what becomes of a trigger whose attempt is due: it is told (Fire),
// never told (Suppress), or looked at again at Until (Hold).
type Verdict struct {
	Outcome Outcome
	Reason  Reason
	Until   sessions.Millis
}

// Recheck returns what becomes, at a time, of telling that a cart is abandoned:
// what stood against the decision stands against each attempt. Its age alone does
// not: it was decided in time, and its endpoint may not have answered for days.
func (f Flow) Recheck(facts Facts, now sessions.Millis) Verdict {
	idle := f.AbandonedAt(facts.Cart.LastActivity)
	switch {
	case facts.Order != "":
		return Verdict{Outcome: Suppress, Reason: facts.Identity}
	case facts.Seen != 0 && facts.Seen.Add(f.Active) > now:
		return Verdict{Hold, ShopperActive, max(idle, facts.Seen.Add(f.Active))}
	case idle > now:
		return Verdict{Hold, CartInUse, idle}
	}
	return Verdict{Outcome: Fire}
}

// Decision is one decision that was made of a cart's episode.
type Decision struct {
	Seq         sessions.Seq     `json:"seq,omitempty"` // of that event; not part of its content
	Cart        ID               `json:"cart"`
	Name        sessions.CartID  `json:"cart_id,omitempty"`
	Episode     int64            `json:"episode"`
	Flow        string           `json:"flow"`
	Step        int64            `json:"step"`
	Dry         bool             `json:"dry"`
	Outcome     Outcome          `json:"outcome"`
	Reason      Reason           `json:"reason"`
	Order       sessions.OrderID `json:"order_id,omitempty"`
	AbandonedAt sessions.Millis  `json:"abandoned_at"`
	At          sessions.Millis  `json:"decided_at"`
	Seen        sessions.Seq     `json:"seen"` // the head of the log that it rests on

	// Of a step that is to reach the shopper. Where a mail goes is told by the keyed
	// hash of its address and the network of whoever began the cart, see [Addressee].
	Channels    []Channel `json:"channels,omitempty"`
	AddressHash string    `json:"address_hash,omitempty"`
	Network     string    `json:"network,omitempty"`
}

// content is a decision as the content of a decision.made event.
type content Decision
