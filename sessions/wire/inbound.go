package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"cartwright/sessions"
)

// Delivery is one webhook of the platform that a shop runs on, its signature
// checked.
type Delivery struct {
	Topic    string // what happened, by the platform's header
	ID       string // of the event or the delivery, by the platform's header; may be empty
	Body     []byte
	Received sessions.Millis
}

// Told is what a delivery says. Of both kinds of events either may be empty.
type Told struct {
	// Once are acts, each known for good by the id of what it is about, so that an
	// order or a refund is one however often and in whichever webhooks it is told.
	Once []*sessions.Event

	// State are records as they are now, known by their delivery and by their
	// content. Older ones never replace newer ones, see [sessions.Payload].
	State []*sessions.Event

	// Ignored says why there are no events, if there are none.
	Ignored string
}

// value is a JSON value as it stands: ids and amounts must keep their digits.
type value = json.RawMessage

// teller makes the events of one delivery.
type teller struct {
	platform string
	currency string // the shop's own
	delivery Delivery
	told     Told
}

// read decodes the delivery's body, which must be a record. Values of another type
// than documented are passed over: an order must not be lost for one of them.
func (t *teller) read(into any, want record) *refusal {
	body := t.delivery.Body
	if !storable(body) {
		return refuse(CodeInvalidText, "the body is not valid UTF-8 or holds U+0000")
	}
	if !members(body, func(_, _ []byte) {}) {
		return refuse(CodeInvalidJSON, "%s", noObject("the body", body))
	}
	if r := t.shaped(want); r != nil {
		return r
	}
	err := json.Unmarshal(body, into)
	if _, mistyped := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !mistyped {
		return refuse(CodeInvalidJSON, "the body cannot be read: %v", err)
	}
	return nil
}

// tell returns what the delivery says. A refusal keeps nothing of the body, which
// is full of a buyer's data, but its topic and id.
func (t *teller) tell(r *refusal) (Told, *sessions.Rejected) {
	if r != nil {
		rejected := r.rejected(0, []byte(t.platform+" "+t.delivery.Topic+" "+t.delivery.ID))
		return Told{}, &rejected
	}
	if len(t.told.Once)+len(t.told.State) == 0 && t.told.Ignored == "" {
		t.told.Ignored = "nothing follows from it"
	}
	return t.told, nil
}

// ignore says why no event is made.
func (t *teller) ignore(why string) *refusal {
	t.told.Ignored = why
	return nil
}

// event returns an event of the shop's backend that happened at a time.
func (t *teller) event(k sessions.Kind, at sessions.Millis) *sessions.Event {
	return &sessions.Event{Kind: k, Source: sessions.Backend, Received: t.delivery.Received, Occurred: at}
}

// once adds an act that is known by an id for good.
func (t *teller) once(k sessions.Kind, id string, at sessions.Millis) *sessions.Event {
	e := t.event(k, at)
	e.MessageID = t.platform + " " + id
	t.told.Once = append(t.told.Once, e)
	return e
}

// state adds a record that was changed at a time. It is known by the platform's id
// together with what it is about and when that was changed, because one id may
// stand for several records (WooCommerce makes ids of the second), and by its
// content, because ids are not signed.
func (t *teller) state(k sessions.Kind, record string, changed sessions.Millis) *sessions.Event {
	if changed == 0 {
		changed = t.delivery.Received
	}
	e := t.event(k, changed)
	e.Updated = changed
	content := digest(t.platform, t.delivery.Topic, string(k), string(t.delivery.Body))
	e.MessageID = content
	if t.delivery.ID != "" {
		e.MessageID = digest(t.platform, t.delivery.Topic, string(k), t.delivery.ID, record, changed.Time().String())
		e.Also = content
	}
	t.told.State = append(t.told.State, e)
	return e
}

// buyer is whose a cart or an order is.
type buyer struct {
	anonymous, customer, email string
	mail                       *sessions.MailConsent // of the address
}

// identify puts the buyer into an event. What is no id or no address is left out.
func (b buyer) identify(e *sessions.Event) {
	e.Anonymous, e.Customer = sessions.AnonymousID(b.anonymous), sessions.CustomerID(b.customer)
	e.Email, e.Mail = emailOf(b.email), b.mail
}

// buyerOf returns the buyer of three values. An id of 0 is a guest's.
func buyerOf(anonymous string, customer value, emails ...[]byte) buyer {
	b := buyer{anonymous: anonymous, customer: idOf(customer), email: firstText(emails...)}
	if len(b.anonymous) > maxID {
		b.anonymous = ""
	}
	return b
}

// idOf returns the digits or the text of an id, empty if there is none: platforms
// write 0 for nobody and nothing.
func idOf(v value) string {
	id := textOf(v)
	if id == "0" || len(id) > maxID {
		return ""
	}
	return id
}

// product adds a catalog entry as it is now.
func (t *teller) product(p *sessions.Product, updated sessions.Millis) *refusal {
	if p.ID == "" {
		return refuse(CodeProductIDMissing, "the product has no id")
	}
	if p.Price != nil {
		p.Currency = t.currency
	}
	t.state(sessions.ProductUpdated, string(p.ID), updated).Product = p
	return nil
}

// removed adds that a product is sold no more, as a deletion with an id tells.
func (t *teller) removed(id value, deletion string) *refusal {
	product := sessions.ProductID(idOf(id))
	if product == "" {
		return refuse(CodeProductIDMissing, "the product has no id")
	}
	e := t.deleted(sessions.ProductUpdated, "product "+string(product), deletion)
	e.Product = &sessions.Product{ID: product, Hidden: true}
	return nil
}

// deleted adds that a record was thrown away, now: nothing but its id is told. A
// deletion is known for good by its id, so that a copy that came later does not undo
// that the record was brought back; one without an id is the record's only one.
func (t *teller) deleted(k sessions.Kind, record, deletion string) *sessions.Event {
	id := record + " deleted"
	if deletion != "" {
		id += " " + digest(deletion)
	}
	e := t.once(k, id, t.delivery.Received)
	e.Updated = t.delivery.Received
	return e
}

// customer adds whose address a customer's is.
func (t *teller) customer(b buyer, updated sessions.Millis) *refusal {
	if b.customer == "" {
		return refuse(CodeIdentityMissing, "the customer has no id")
	}
	b.identify(t.state(sessions.Identify, b.customer, updated))
	return nil
}

// money returns the currency of a body, else the shop's, and how many digits its
// amounts have; an unknown one has no amounts.
func (t *teller) money(code []byte) (currency string, places int) {
	currency = strings.ToUpper(strings.TrimSpace(textOf(code)))
	if currency == "" {
		currency = t.currency
	}
	places, known := Exponent(currency)
	if !known {
		return "", -1
	}
	return currency, places
}

// amount returns an amount in minor units, nil if there is none that could be.
func amount(v []byte, places int) *int64 {
	if places < 0 || !given(v) {
		return nil
	}
	if n, ok := amountOf(bytes.TrimSpace(v), places); ok {
		return &n
	}
	return nil
}

// soldLine returns a line of a cart or an order. A quantity that is no whole
// number, which some shops sell by weight, counts as one.
func soldLine(product, variant, quantity, price []byte, places int) (l sessions.Line, ok bool) {
	l = sessions.Line{Product: sessions.ProductID(idOf(product)), Variant: sessions.VariantID(idOf(variant)), Quantity: 1}
	if n, whole := quantityOf(quantity); whole {
		l.Quantity = n
	}
	l.UnitPrice = amount(price, places)
	return l, l.Product != ""
}

// believed returns the lines, without their prices if those are beyond belief.
func believed(lines []sessions.Line) []sessions.Line {
	if !credible(lines) {
		for i := range lines {
			lines[i].UnitPrice = nil
		}
	}
	return lines
}

// when reads a time, 0 if there is none. WooCommerce writes UTC without saying so.
func when(v []byte) sessions.Millis {
	if isText(v) && len(v) == len(`"2006-01-02T15:04:05"`) {
		v = []byte(`"` + textOf(v) + `Z"`)
	}
	m, _ := instantOf(v)
	return m
}
