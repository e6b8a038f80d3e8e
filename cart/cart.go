package cart

import (
	"cartwright/sessions"
)

// ID names a cart: the seq of the event that began it.
type ID int64

// Status says where a cart stands.
type Status string

// The statuses.
const (
	Open    Status = "open"    // it holds units
	Emptied Status = "emptied" // it holds none now, and may be filled again
	Ordered Status = "ordered" // an order ended it
	Merged  Status = "merged"  // a whole cart of the same shopper took its place
)

// Cart is what the log says of one cart. It is a value: [Cart.Fold] returns a
// new one and shares no memory that it changes.
type Cart struct {
	ID       ID                 `json:"id"`
	Name     sessions.CartID    `json:"cart_id,omitempty"` // the shop's id of it; empty: the visitor's own, nameless one
	Visitor  sessions.VisitorID `json:"visitor_id"`        // 0: nobody known
	Status   Status             `json:"status"`
	Currency string             `json:"currency"` // ISO 4217, of every price
	Lines    []sessions.Line    `json:"lines"`    // one a product and variant, in the order they came
	Units    int64              `json:"units"`
	Value    *int64             `json:"value"` // minor units, of the lines whose price is known; nil when none is

	Began        sessions.Millis `json:"began_at"`
	LastActivity sessions.Millis `json:"last_activity_at"` // by the received clock, on which it is abandoned
	LastSeq      sessions.Seq    `json:"last_seq"`         // the last event that counted
	Live         bool            `json:"live"`             // the last activity was not imported
	Owned        bool            `json:"owned"`            // the shop's backend has written it
	Held         bool            `json:"-"`                // it ever held a line

	Episode      int64           `json:"episode"` // from 1
	EpisodeBegan sessions.Seq    `json:"-"`       // the event that began it
	EpisodeAt    sessions.Millis `json:"-"`       // when that happened, by the sender's clock
	Decided      Outcome         `json:"decided,omitempty"`
	CheckingOut  bool            `json:"checking_out,omitempty"` // the shopper began to check out in this episode

	Checkout  sessions.CheckoutID `json:"checkout_id,omitempty"`
	Email     sessions.Email      `json:"email,omitempty"`
	Order     sessions.OrderID    `json:"order_id,omitempty"`   // the order that ended it
	OrderedAt sessions.Millis     `json:"ordered_at,omitempty"` // when that happened, by the sender's clock
	Into      ID                  `json:"merged_into,omitempty"`
	Updated   sessions.Millis     `json:"-"` // of the newest state of it that a platform told, by that one's clock

	// What leads to the shopper's mailbox, see [LoadAddressees]. Email above is what
	// anybody said; these are what the shop's backend told with this cart, and whose
	// browsers filled it.
	Address  sessions.Email         `json:"-"`
	Customer sessions.CustomerID    `json:"-"`
	Browsers []sessions.AnonymousID `json:"-"`
}

// closed reports whether only a reopening can change c.
func (c Cart) closed() bool { return c.Status == Ordered || c.Status == Merged }

// endedBy returns c as the order leaves it: with its lines, as they were sold.
func (c Cart) endedBy(o Order, at sessions.Seq) Cart {
	c.Status, c.Order, c.OrderedAt, c.LastSeq = Ordered, o.ID, o.Occurred, at
	return c
}

// mergedInto returns c as a whole cart leaves it that took its place.
func (c Cart) mergedInto(other ID, at sessions.Seq) Cart {
	c.Status, c.Into, c.LastSeq = Merged, other, at
	return c
}
