package cart

import (
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/cart/flow"
	"cartwright/sessions"
)

// TriggersAfter returns real triggers that follow from events after a seq, in
// the order of the log: up to limit, and then the rest of those that follow from
// the same event as the last one, so that its seq is where to go on.
func (s *Store) TriggersAfter(tx *gorm.DB, after sessions.Seq, limit int) ([]Trigger, error) {
	var rows []triggerRow
	err := tx.Where("seq > ? AND dry = 0", int64(after)).Order("seq, id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read triggers after %d: %w", after, err)
	}
	if len(rows) == limit && limit > 0 {
		last := rows[len(rows)-1]
		var rest []triggerRow
		err := tx.Where("seq = ? AND id > ? AND dry = 0", last.Seq, last.ID).Order("id").Find(&rest).Error
		if err != nil {
			return nil, fmt.Errorf("read triggers of event %d: %w", last.Seq, err)
		}
		rows = append(rows, rest...)
	}
	return rowsOf(rows, triggerRow.trigger), nil
}

// Messages says what triggers tell, and whether it is still right to tell it.
type Messages struct{ rules Rules }

// NewMessages returns what is told of triggers that were made by rules.
func NewMessages(r Rules) Messages { return Messages{r.remembering()} }

// Message is what is sent to the shop's endpoints, by Standard Webhooks.
type Message struct {
	Type      TriggerKind `json:"type"`
	Timestamp time.Time   `json:"timestamp"` // when it came to pass, not when it is sent
	Data      MessageData `json:"data"`
}

// MessageData is what a message says.
type MessageData struct {
	Cart      *MessageCart    `json:"cart"` // null of who only browsed, and of a consent
	Visitor   MessageVisitor  `json:"visitor"`
	TriggerID string          `json:"trigger_id"`
	Order     *Order          `json:"order"` // null of an abandoned cart
	Step      *MessageStep    `json:"step,omitempty"`
	Restore   string          `json:"restore_url,omitempty"` // of a step, where links are made
	Session   *MessageVisit   `json:"session,omitempty"`     // of who only browsed
	Consent   *MessageConsent `json:"consent,omitempty"`

	// Click is of recovery.clicked alone: which message the shopper followed.
	Click *MessageClick `json:"click,omitempty"`
}

// MessageStep is the step of a flow that a message is.
type MessageStep struct {
	Flow     string    `json:"flow"`
	Kind     flow.Kind `json:"kind"`
	Number   int64     `json:"number"` // from 1
	Channels []Channel `json:"channels"`

	// MayMail says whether Cartwright would mail the shopper, and Refusal why not: a
	// shop that brings the step to them by mail itself should ask it.
	MayMail bool   `json:"may_mail"`
	Refusal Reason `json:"mail_refusal,omitempty"`

	// Coupon is the code that was issued for the message, CouponWanted that the shop is to
	// make one, where it makes codes itself. They are for [StepDue] alone.
	Coupon       string `json:"coupon,omitempty"`
	CouponWanted bool   `json:"coupon_wanted,omitempty"`
}

// MessageVisit is what somebody looked at who left without a cart.
type MessageVisit struct {
	ID          sessions.SessionID   `json:"id"`
	Products    []sessions.ProductID `json:"products"`
	AbandonedAt time.Time            `json:"abandoned_at"`
}

// MessageCart is the cart of a message.
type MessageCart struct {
	ID          ID                  `json:"id"`
	Name        *sessions.CartID    `json:"cart_id"` // the shop's id; null when it gave none
	Status      Status              `json:"status"`
	Currency    string              `json:"currency"`
	Value       *int64              `json:"value"` // minor units; null when no price is known
	Units       int64               `json:"units"`
	Lines       []sessions.Line     `json:"lines"`
	Episode     int64               `json:"episode"`
	Checkout    sessions.CheckoutID `json:"checkout_id,omitempty"`
	Began       time.Time           `json:"began_at"`
	AbandonedAt *time.Time          `json:"abandoned_at"` // null when it was not
}

// MessageVisitor is the shopper of a message: all identifiers that anybody
// claimed, and the address that was told with this cart.
type MessageVisitor struct {
	ID        sessions.VisitorID   `json:"id"`
	Anonymous sessions.AnonymousID `json:"anonymous_id,omitempty"`
	Email     sessions.Email       `json:"email,omitempty"`
	sessions.Identifiers
}

// Message returns what is sent for a trigger, as of tx.
func (ms Messages) Message(tx *gorm.DB, t Trigger) (m Message, err error) {
	m = Message{Type: t.Kind, Timestamp: t.At.Time(), Data: MessageData{TriggerID: t.ID}}
	switch {
	case t.Kind == Clicked:
		return clickedMessage(tx, t, m)
	case t.Kind == ConsentChanged:
		m, err = consentMessage(tx, t)
	case t.Session != 0:
		err = m.tellVisit(tx, t)
	default:
		err = m.tellCart(tx, t)
	}
	if err == nil && (t.Kind == StepDue || t.Kind == Sent) {
		err = m.tellStep(tx, t, ms.rules.Mail)
	}
	if err != nil {
		return m, fmt.Errorf("write the message of trigger %s: %w", t.ID, err)
	}
	return m, nil
}

// tellCart writes what a trigger tells of its cart.
func (m *Message) tellCart(tx *gorm.DB, t Trigger) error {
	c, err := one(tx.Where("id = ?", int64(t.Cart)), fmt.Sprintf("cart %d", t.Cart))
	if err != nil {
		return err
	}
	if m.Data.Visitor, err = messageVisitor(tx, c); err != nil {
		return err
	}
	if t.Order != "" {
		o, err := orderOf(tx, t.Order)
		if err != nil {
			return err
		}
		m.Data.Order = &o
		c = c.asSold(o, t.Episode)
	}
	told := messageCart(c)
	told.AbandonedAt, err = abandonedAt(tx, t)
	if (t.Kind == Abandoned || t.Kind == CheckoutAbandoned) && err == nil {
		m.Timestamp = *told.AbandonedAt
	}
	m.Data.Cart = &told
	return err
}

// tellVisit writes what a trigger tells of a session.
func (m *Message) tellVisit(tx *gorm.DB, t Trigger) error {
	e, err := enrolmentOfTrigger(tx, t)
	if err != nil {
		return err
	}
	if m.Data.Visitor, err = messageVisitor(tx, Cart{Visitor: e.Visitor}); err != nil {
		return err
	}
	visits, err := sessions.Visits(tx, []sessions.SessionID{t.Session})
	if err != nil {
		return err
	}
	m.Data.Session = &MessageVisit{t.Session, append([]sessions.ProductID{}, visits[t.Session].Products...), t.AbandonedAt.Time()}
	if t.Kind == BrowseAbandoned {
		m.Timestamp = t.AbandonedAt.Time()
	}
	return nil
}

// tellStep writes which step of which flow a trigger is.
func (m *Message) tellStep(tx *gorm.DB, t Trigger, rules MailRules) error {
	var rows []decisionRow
	err := tx.Where("cart = ? AND session = ? AND episode = ? AND flow = ? AND step = ? AND dry = 0 AND outcome = ? AND reason = ?",
		int64(t.Cart), int64(t.Session), t.Episode, t.Flow, t.Step, string(Fire), string(Idle)).Find(&rows).Error
	if err != nil {
		return fmt.Errorf("load the decision on trigger %s: %w", t.ID, err)
	}
	m.Data.Step = &MessageStep{Flow: t.Flow, Number: t.Step, Channels: t.Channels}
	for _, r := range rows {
		m.Data.Step.Kind, m.Data.Step.Channels = flow.Kind(r.Kind), splitChannels(r.Channels)
	}
	c, err := subjectOfTrigger(tx, t)
	if err != nil {
		return err
	}
	to, err := loadMailing(tx, []Cart{c}, rules)
	m.Data.Step.Refusal = to.found[c.ID].Refusal
	m.Data.Step.MayMail = m.Data.Step.Refusal == ""
	return err
}

// enrolmentOfTrigger loads the enrolment that a trigger is of.
func enrolmentOfTrigger(tx *gorm.DB, t Trigger) (Enrolment, error) {
	list, err := enrolments(tx.Where("cart = ? AND session = ? AND episode = ?", int64(t.Cart), int64(t.Session), t.Episode))
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("the enrolment of trigger %s: %w", t.ID, sessions.ErrNotFound)
	}
	if err != nil {
		return Enrolment{}, err
	}
	return list[0], nil
}

// asSold returns c as it was when o ended an episode of it, if it was used again
// since.
func (c Cart) asSold(o Order, episode int64) Cart {
	if c.Episode == episode {
		return c
	}
	c.Status, c.Episode, c.Checkout = Ordered, episode, o.Checkout
	c.Lines, c.Currency, c.Units, c.Value = o.Lines, o.Currency, units(o.Lines), value(o.Lines)
	return c
}

// abandonedAt returns when the episode of a trigger was abandoned, nil if it was
// never told to be.
func abandonedAt(tx *gorm.DB, t Trigger) (*time.Time, error) {
	var rows []triggerRow
	err := tx.Where("cart = ? AND episode = ? AND kind IN ? AND dry = 0", int64(t.Cart), t.Episode,
		[]string{string(Abandoned), string(CheckoutAbandoned)}).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	at := sessions.Millis(rows[0].AbandonedAt).Time()
	return &at, nil
}

func messageCart(c Cart) MessageCart {
	m := MessageCart{
		ID: c.ID, Status: c.Status, Currency: c.Currency, Value: c.Value, Units: c.Units, Lines: c.Lines,
		Episode: c.Episode, Checkout: c.Checkout, Began: c.Began.Time(),
	}
	if c.Name != "" {
		m.Name = &c.Name
	}
	return m
}

func messageVisitor(tx *gorm.DB, c Cart) (MessageVisitor, error) {
	ids, err := sessions.IdentifiersOf(tx, c.Visitor)
	if err != nil {
		return MessageVisitor{}, err
	}
	ids.Anonymous = append([]sessions.AnonymousID{}, ids.Anonymous...) // lists are sent as lists, also empty ones
	ids.Emails = append([]sessions.Email{}, ids.Emails...)
	v := MessageVisitor{ID: c.Visitor, Identifiers: ids, Email: c.Email}
	if len(ids.Anonymous) > 0 {
		v.Anonymous = ids.Anonymous[0]
	}
	return v, nil
}

// Body returns the message as it is signed and sent: the same bytes for the same
// message.
func (m Message) Body() ([]byte, error) { return json.Marshal(m) }
