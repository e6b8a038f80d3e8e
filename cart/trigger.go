package cart

import (
	"fmt"
	"slices"
	"strings"

	"cartwright/cart/flow"
	"cartwright/sessions"
)

// TriggerKind is the type of a trigger, as the shop's endpoints receive it.
type TriggerKind string

// The kinds of triggers.
const (
	Abandoned         TriggerKind = "cart.abandoned"
	CheckoutAbandoned TriggerKind = "checkout.abandoned"
	BrowseAbandoned   TriggerKind = "browse.abandoned"
	StepDue           TriggerKind = "recovery.step_due" // a step of a recovery flow is to reach the shopper now
	Sent              TriggerKind = "recovery.sent"     // a mail of a step arrived at the shopper's mail server
	Recovered         TriggerKind = "cart.recovered"
	Converted         TriggerKind = "cart.converted"
	ConsentChanged    TriggerKind = "consent.changed"  // whether an address may be mailed
	Clicked           TriggerKind = "recovery.clicked" // a shopper followed the link of a message
)

// TriggerKinds returns all kinds, which are the topics that an endpoint may ask for.
func TriggerKinds() []TriggerKind {
	return []TriggerKind{Abandoned, CheckoutAbandoned, BrowseAbandoned, StepDue, Sent, Clicked, Recovered, Converted, ConsentChanged}
}

// Channel is a way on which a step reaches a shopper, see [flow.Channel].
type Channel = flow.Channel

// The channels.
const (
	Webhook = flow.Webhook
	Email   = flow.Email
)

// orderFlow is the flow under which an order's triggers stand, so that the key
// of triggers allows one of them an episode beside those of recovery flows.
const orderFlow = "order"

// clickFlow is the flow under which clicks' triggers stand. Their step is the seq
// of the click, so that each has a key of its own.
const clickFlow = "click"

// Trigger is something to be told once to each of the shop's endpoints.
type Trigger struct {
	ID          string           `json:"id"`  // stable and unique for ever; the id of the webhook
	Seq         sessions.Seq     `json:"seq"` // the event that it follows from
	Kind        TriggerKind      `json:"type"`
	Cart        ID               `json:"cart"` // 0 where a session is the subject
	Episode     int64            `json:"episode"`
	Flow        string           `json:"flow"`
	Step        int64            `json:"step"`
	Dry         bool             `json:"dry"` // what would have been told
	Order       sessions.OrderID `json:"order_id,omitempty"`
	AbandonedAt sessions.Millis  `json:"abandoned_at,omitempty"`
	At          sessions.Millis  `json:"created_at"`

	// Channels are those on which it goes out, in the order of the alphabet, none
	// twice: a mailed step is not told to the endpoints unless it names both.
	Channels []Channel `json:"channels"`

	Session sessions.SessionID `json:"session,omitempty"` // the subject of a browse flow
}

// Goes reports whether the trigger goes out on a channel.
func (t Trigger) Goes(c Channel) bool { return slices.Contains(t.Channels, c) }

// triggerID returns the id of the trigger of a cart's episode, flow and step.
func triggerID(t Trigger) string {
	var b strings.Builder
	if t.Dry {
		b.WriteString("dry_")
	}
	b.WriteString("trg_")
	if t.Session != 0 {
		fmt.Fprintf(&b, "s%d", t.Session)
	} else {
		fmt.Fprint(&b, int64(t.Cart))
	}
	fmt.Fprintf(&b, "_%d_%s", t.Episode, strings.ReplaceAll(string(t.Kind), ".", "_"))
	if t.Step > 0 {
		fmt.Fprintf(&b, "_%d", t.Step)
	}
	return b.String()
}

// trigger returns what d tells, if it tells anything.
func (d Decision) trigger() (Trigger, bool) {
	t := Trigger{
		Seq: d.Seq, Kind: d.tells(), Cart: d.Cart, Session: d.Session, Episode: d.Episode, Flow: d.Flow, Step: d.Step, Dry: d.Dry,
		AbandonedAt: d.AbandonedAt, At: d.At, Channels: d.Channels,
	}
	if d.Step == 0 {
		t.Channels = []Channel{Webhook}
	}
	t.ID = triggerID(t)
	return t, d.Outcome == Fire
}

// tells returns the kind of what d tells.
func (d Decision) tells() TriggerKind {
	switch {
	case d.Step > 0:
		return StepDue
	case d.Kind == flow.Checkout:
		return CheckoutAbandoned
	case d.Kind == flow.Browse:
		return BrowseAbandoned
	}
	return Abandoned
}

// orderTrigger returns what an order tells of the cart c that it ends, as e says
// it.
func orderTrigger(c Cart, o Order, e *sessions.Event) Trigger {
	t := Trigger{
		Seq: e.Seq, Kind: Converted, Cart: c.ID, Episode: c.Episode, Flow: orderFlow, Order: o.ID, At: e.Received,
		Channels: []Channel{Webhook},
	}
	if c.Decided == Fire {
		t.Kind = Recovered
	}
	t.ID = triggerID(t)
	return t
}
