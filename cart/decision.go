package cart

import (
	"cartwright/cart/flow"
	"cartwright/sessions"
)

// Outcome is what was decided of an episode.
type Outcome string

// The outcomes of an abandonment; all but Hold are final for the episode. A step is told,
// held, skipped, or ends the sequence by Suppress or Expire.
const (
	Fire     Outcome = "trigger"  // tell the shop
	Suppress Outcome = "suppress" // an order stands against it
	Expire   Outcome = "expire"   // it was left too long ago
	Hold     Outcome = "hold"     // not now; looked at again
	HoldOut  Outcome = "holdout"  // nobody is told, so that it can be seen what happens then
	Pass     Outcome = "pass"     // no flow takes it
	Skip     Outcome = "skip"     // of a step: it is left out, and the sequence goes on
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
	InHoldout       Reason = "in_holdout"        // holdout: the shopper is among those who are compared with
	NoFlow          Reason = "no_flow"           // pass: it fits the conditions of none
	InOtherFlow     Reason = "in_other_flow"     // hold: the shopper is in one of at least this priority
	Superseded      Reason = "superseded"        // suppress: the shopper has entered one of a higher priority
	FlowRemoved     Reason = "flow_removed"      // suppress: the flow or this step of it is no longer configured
	Overdue         Reason = "overdue"           // skip: a later step is due, too
	OutOfStock      Reason = "out_of_stock"      // hold: nothing of what was left can be bought
	CoolingDown     Reason = "cool_down"         // hold: the shopper ordered something a short while ago
	Capped          Reason = "frequency_cap"     // hold: the shopper was written to a short while ago
	QuietHours      Reason = "quiet_hours"       // hold: it is night where the shopper is
	HasCart         Reason = "has_cart"          // suppress: who only browsed has filled a cart since
	MailOff         Reason = "mail_off"          // skip: no mail server is configured
	Finished        Reason = "finished"          // of an enrolment: its last step is over
)

// Facts are what a decision on a cart rests on.
type Facts struct {
	Cart      Cart
	Order     sessions.OrderID // one that stands against it, or empty
	Identity  Reason           // under which identity, when there is one
	LastOrder sessions.Millis  // when the shopper's newest order of whatever was received, under any identity; 0: none lately
	Seen      sessions.Millis  // the shopper's last activity of any kind; 0: none known
}

// Decide returns what the flow makes of an abandoned cart at a time: an order
// suppresses, an active shopper holds, too high an age expires, and else it
// triggers. The boundaries belong to the cart: idle exactly the wait is
// abandoned, exactly the maximum age is not too old, seen exactly the active
// window ago is not active.
func Decide(f flow.Flow, facts Facts, now sessions.Millis) (Outcome, Reason) {
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
func Recheck(f flow.Flow, facts Facts, now sessions.Millis) Verdict {
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

// Decision is one decision that was made of a cart's episode, or of a session: step 0
// that it was abandoned and what follows from it, the others what becomes of the
// steps of its flow.
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

	Session sessions.SessionID `json:"session,omitempty"` // the subject of a browse flow, which has no cart
	Kind    flow.Kind          `json:"kind,omitempty"`    // of the flow
	Coupon  bool               `json:"coupon,omitempty"`
	Visitor sessions.VisitorID `json:"-"` // of the event

	// Of a step that is to reach the shopper. Where a mail goes is told by the keyed
	// hash of its address and the network of whoever began the cart, see [Addressee].
	Channels    []Channel `json:"channels,omitempty"`
	AddressHash string    `json:"address_hash,omitempty"`
	Network     string    `json:"network,omitempty"`

	// Refusal is why a step of several channels is not mailed, though it is told.
	Refusal Reason `json:"refusal,omitempty"`

	// NextStep is the step that comes next in this sequence, this one again after
	// Hold, and NextAt when it is to be decided on. 0 ends the sequence.
	NextStep int64           `json:"next_step,omitempty"`
	NextAt   sessions.Millis `json:"next_at,omitempty"`
}

// content is a decision as the content of a decision.made event.
type content Decision
