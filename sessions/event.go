package sessions

import (
	"encoding/json"
	"strings"
	"time"
)

// Seq is the place of an event in the log, counted from 1 without gaps. Its
// order is the order of commits.
type Seq int64

// VisitorID names a visitor: the seq of the first event that showed them.
type VisitorID int64

// SessionID names a session: the seq of the event of it that arrived first.
type SessionID int64

// Identifiers as the shop gave them, kept exactly, except that an [Email] is
// trimmed and in lower case.
type (
	// AnonymousID is what a browser calls itself before anybody logs in.
	AnonymousID string
	// CustomerID is the shop's own id of a customer, Segment's userId.
	CustomerID string
	// Email is an address, trimmed and in lower case.
	Email string
	// ProductID is the shop's id of a product.
	ProductID string
	// VariantID is the shop's id of a variant of a product, or empty.
	VariantID string
	// CartID is the shop's id of a cart, or empty.
	CartID string
	// CheckoutID is the shop's id of a checkout, or empty.
	CheckoutID string
	// OrderID is the shop's id of an order.
	OrderID string
)

// Millis is a time in milliseconds since 1970 UTC, as stored everywhere.
type Millis int64

// MillisOf returns t in milliseconds, rounded down.
func MillisOf(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time returns the same instant in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Add returns the time d later, in whole milliseconds.
func (m Millis) Add(d time.Duration) Millis { return m + Millis(d.Milliseconds()) }

// Kind says what happened. The kinds of e-commerce follow Segment's v2 events.
type Kind string

// The kinds of events that arrive from outside.
const (
	Page              Kind = "page"
	Screen            Kind = "screen"
	Identify          Kind = "identify"
	Alias             Kind = "alias"
	Custom            Kind = "custom" // a name outside the vocabulary; Name keeps it
	ProductViewed     Kind = "product_viewed"
	ProductListViewed Kind = "product_list_viewed"
	ProductClicked    Kind = "product_clicked"
	ProductsSearched  Kind = "products_searched"
	ProductAdded      Kind = "product_added"
	ProductRemoved    Kind = "product_removed"
	CartViewed        Kind = "cart_viewed"
	CartUpdated       Kind = "cart_updated" // a whole cart; replaces all lines
	CheckoutStarted   Kind = "checkout_started"
	CheckoutStep      Kind = "checkout_step"
	OrderCompleted    Kind = "order_completed"
	OrderRefunded     Kind = "order_refunded"
	OrderCancelled    Kind = "order_cancelled"
	OrderUpdated      Kind = "order_updated"   // how an order stands now; believed of the backend
	ProductUpdated    Kind = "product_updated" // the catalog's entry, from the backend
)

// The kinds of events that Cartwright appends itself.
const (
	SettingsChanged Kind = "settings.changed"
	RecoveryEnabled Kind = "recovery.enabled"
	DecisionMade    Kind = "decision.made"
	DeliveryEnded   Kind = "delivery.ended"
	WeightsLearned  Kind = "weights.learned" // those by which recommendations are ranked
	FlowsChanged    Kind = "flows.changed"   // those by which shoppers are reminded
	LinkClicked     Kind = "recovery.clicked"

	AddressSuppressed Kind = "address.suppressed" // an address is not to be mailed; it tells its keyed hash alone
	AddressReleased   Kind = "address.released"   // it may be mailed again
)

// Own reports whether events of this kind are appended by Cartwright itself and
// say nothing of a shopper's activity.
func (k Kind) Own() bool {
	switch k {
	case SettingsChanged, RecoveryEnabled, DecisionMade, DeliveryEnded, WeightsLearned, FlowsChanged, LinkClicked, AddressSuppressed, AddressReleased:
		return true
	}
	return false
}

// Source says which kind of sender an event came from, and so how far it is
// believed.
type Source string

// The sources.
const (
	Browser  Source = "browser" // a write key, which is public
	Backend  Source = "backend" // a secret key
	Imported Source = "import"  // a file of history; never triggers anything
	Ours     Source = "own"     // appended by Cartwright
)

// Event is one thing that happened. The first fields are columns of the log;
// the [Payload] is its body. An event that was appended is never changed.
type Event struct {
	Seq      Seq    // given by Append
	Received Millis // when it arrived; the clock of abandonment
	Occurred Millis // when it happened, by the sender's corrected clock
	Kind     Kind
	Source   Source
	Visitor  VisitorID // resolved by Append; 0 for bots and for events about no visitor
	Also     string    // a further message id under which it is known; not stored
	Payload
}

// Payload is the body of an event: what the kinds carry, each as far as it
// applies. It is stored as JSON. Absent means not measured, never zero.
type Payload struct {
	MessageID string `json:"message_id,omitempty"` // duplicates of it are dropped within the window
	Name      string `json:"name,omitempty"`       // the event or page name as sent

	Anonymous AnonymousID `json:"anonymous_id,omitempty"`
	Customer  CustomerID  `json:"user_id,omitempty"`
	Email     Email       `json:"email,omitempty"`
	Previous  string      `json:"previous_id,omitempty"`      // alias: the id that becomes Customer
	Renamed   bool        `json:"previous_is_user,omitempty"` // alias: Previous is a customer's id, and no browser's
	Joined    []VisitorID `json:"joined,omitempty"`           // visitors that this event made one with Visitor
	Session   string      `json:"session,omitempty"`          // a session named by an imported file, of one visitor; cuts replace the pause rule

	Bot      bool      `json:"bot,omitempty"`
	Device   string    `json:"device,omitempty"` // desktop, mobile, tablet, tv, other
	Browser  string    `json:"browser,omitempty"`
	OS       string    `json:"os,omitempty"`
	Country  string    `json:"country,omitempty"`
	Timezone string    `json:"timezone,omitempty"` // of the sender's clock, a name such as Europe/Berlin
	Address  string    `json:"address,omitempty"`  // truncated to /24 or /48
	Channel  string    `json:"channel,omitempty"`  // how the shopper came: organic_search, email, …
	Campaign *Campaign `json:"campaign,omitempty"`
	Page     *PageInfo `json:"page,omitempty"`
	Consent  string    `json:"consent,omitempty"` // "denied" when the sender withheld it (do not track)

	Mail *MailConsent `json:"mail_consent,omitempty"` // what it says of whether Email may be mailed

	Query    string     `json:"query,omitempty"` // of a search
	Cart     CartID     `json:"cart_id,omitempty"`
	Checkout CheckoutID `json:"checkout_id,omitempty"`
	Order    OrderID    `json:"order_id,omitempty"`
	Currency string     `json:"currency,omitempty"` // ISO 4217, of every amount of this event
	Lines    []Line     `json:"lines,omitempty"`    // the products it is about; of a cart or order all of them
	Total    *int64     `json:"total,omitempty"`    // minor units: of an order, what was paid; of a refund, what went back

	// Updated is when the record was changed whose state the event tells, by the
	// clock of the shop's platform; 0 if it tells an act. States may be told late, out
	// of order and again: an older one never replaces a newer one, and none is a
	// shopper's activity.
	Updated Millis `json:"updated_at,omitempty"`

	Product *Product        `json:"product,omitempty"` // product_updated
	Data    json.RawMessage `json:"data,omitempty"`    // our own events: their content

	Properties json.RawMessage `json:"properties,omitempty"` // properties or traits as sent
	Original   Millis          `json:"original_at,omitempty"`
	Sent       Millis          `json:"sent_at,omitempty"`
}

// Line is a product with a quantity.
type Line struct {
	Product   ProductID `json:"product_id"`
	Variant   VariantID `json:"variant_id,omitempty"`
	Quantity  int64     `json:"quantity"`
	UnitPrice *int64    `json:"unit_price,omitempty"` // minor units of the event's currency
}

// PageInfo is the page or screen on which an event happened.
type PageInfo struct {
	URL      string `json:"url,omitempty"`
	Path     string `json:"path,omitempty"`
	Title    string `json:"title,omitempty"`
	Referrer string `json:"referrer,omitempty"`
}

// Campaign is what a link said of its origin. Key tells campaigns apart.
type Campaign struct {
	Source  string `json:"source,omitempty"`
	Medium  string `json:"medium,omitempty"`
	Name    string `json:"name,omitempty"`
	Term    string `json:"term,omitempty"`
	Content string `json:"content,omitempty"`
	ClickID string `json:"click_id,omitempty"`
}

// Key returns a text that is equal for the same campaign, empty for none: two
// clicks on one advertisement have different click ids and so different keys; of
// the other values the case does not count.
func (c *Campaign) Key() string {
	if c == nil || *c == (Campaign{}) {
		return ""
	}
	words := strings.Join([]string{c.Source, c.Medium, c.Name, c.Term, c.Content}, "\x1f")
	return strings.ToLower(words) + "\x1f" + c.ClickID
}

// Product is a catalog entry, as the shop's backend put it.
type Product struct {
	ID         ProductID       `json:"product_id"`
	Name       string          `json:"name,omitempty"`
	URL        string          `json:"url,omitempty"`
	ImageURL   string          `json:"image_url,omitempty"`
	Price      *int64          `json:"price,omitempty"` // minor units
	Currency   string          `json:"currency,omitempty"`
	Category   string          `json:"category,omitempty"`
	Brand      string          `json:"brand,omitempty"`
	InStock    *bool           `json:"in_stock,omitempty"` // nil: not said, taken as in stock
	Hidden     bool            `json:"hidden,omitempty"`
	Attributes json.RawMessage `json:"attributes,omitempty"`
}
