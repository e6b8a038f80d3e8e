package cart

import (
	"encoding/json"
	"fmt"
	"strings"

	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// flag is a truth as stored.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

type cartRow struct {
	ID           int64 `gorm:"primaryKey;autoIncrement:false"`
	CartID       string
	VisitorID    int64
	Status       string
	Owned        int64
	Live         int64
	Held         int64
	Currency     string
	Lines        []byte
	Units        int64
	Value        *int64
	BeganAt      int64
	LastActivity int64
	LastSeq      int64
	Episode      int64
	EpisodeSeq   int64
	EpisodeAt    int64
	Decided      string
	CheckoutID   string
	Email        string
	OrderID      string
	OrderedAt    int64
	MergedInto   int64
	ToldAt       int64
	CheckingOut  int64
	Address      string
	CustomerID   string
	Browsers     []byte
}

func (cartRow) TableName() string { return "carts" }

var intoCarts = database.Into{
	Table: "carts",
	Columns: []string{
		"id", "cart_id", "visitor_id", "status", "owned", "live", "held", "currency", "lines", "units", "value",
		"began_at", "last_activity", "last_seq", "episode", "episode_seq", "episode_at", "decided", "checkout_id", "email",
		"order_id", "ordered_at", "merged_into", "told_at", "checking_out", "address", "customer_id", "browsers",
	},
	Key: "id",
}

// inCarts replaces carts whose shopper, name and status are as stored, which is what most
// events leave them with, and whose entries in the indexes of these stay where they are.
var inCarts = database.Into{Table: "carts", Columns: intoCarts.Columns, Key: "id", Fixed: []string{"cart_id", "visitor_id", "status"}}

func (r *cartRow) values(args []any) []any {
	return append(args,
		r.ID, r.CartID, r.VisitorID, r.Status, r.Owned, r.Live, r.Held, r.Currency, r.Lines, r.Units, r.Value, r.BeganAt,
		r.LastActivity, r.LastSeq, r.Episode, r.EpisodeSeq, r.EpisodeAt, r.Decided, r.CheckoutID, r.Email, r.OrderID,
		r.OrderedAt, r.MergedInto, r.ToldAt, r.CheckingOut, r.Address, r.CustomerID, r.Browsers,
	)
}

func rowOfCart(c Cart) (cartRow, error) {
	lines, err := encodeLines(c.Lines)
	if err != nil {
		return cartRow{}, fmt.Errorf("encode cart %d: %w", c.ID, err)
	}
	browsers, err := encodeList(c.Browsers)
	if err != nil {
		return cartRow{}, fmt.Errorf("encode cart %d: %w", c.ID, err)
	}
	return cartRow{
		ID: int64(c.ID), CartID: string(c.Name), VisitorID: int64(c.Visitor), Status: string(c.Status),
		Owned: flag(c.Owned), Live: flag(c.Live), Held: flag(c.Held),
		Currency: c.Currency, Lines: lines, Units: c.Units, Value: c.Value,
		BeganAt: int64(c.Began), LastActivity: int64(c.LastActivity), LastSeq: int64(c.LastSeq),
		Episode: c.Episode, EpisodeSeq: int64(c.EpisodeBegan), EpisodeAt: int64(c.EpisodeAt), Decided: string(c.Decided),
		CheckoutID: string(c.Checkout), Email: string(c.Email), OrderID: string(c.Order), OrderedAt: int64(c.OrderedAt),
		MergedInto: int64(c.Into), ToldAt: int64(c.Updated), CheckingOut: flag(c.CheckingOut),
		Address: string(c.Address), CustomerID: string(c.Customer), Browsers: browsers,
	}, nil
}

func (r cartRow) cart() (Cart, error) {
	lines, err := decodeLines(r.Lines)
	if err != nil {
		return Cart{}, fmt.Errorf("decode cart %d: %w", r.ID, err)
	}
	var browsers []sessions.AnonymousID
	if len(r.Browsers) > len("[]") {
		if err := json.Unmarshal(r.Browsers, &browsers); err != nil {
			return Cart{}, fmt.Errorf("decode the browsers of cart %d: %w", r.ID, err)
		}
	}
	return Cart{
		ID: ID(r.ID), Name: sessions.CartID(r.CartID), Visitor: sessions.VisitorID(r.VisitorID), Status: Status(r.Status),
		Owned: r.Owned != 0, Live: r.Live != 0, Held: r.Held != 0,
		Currency: r.Currency, Lines: lines, Units: r.Units, Value: r.Value,
		Began: sessions.Millis(r.BeganAt), LastActivity: sessions.Millis(r.LastActivity), LastSeq: sessions.Seq(r.LastSeq),
		Episode: r.Episode, EpisodeBegan: sessions.Seq(r.EpisodeSeq), EpisodeAt: sessions.Millis(r.EpisodeAt), Decided: Outcome(r.Decided),
		Checkout: sessions.CheckoutID(r.CheckoutID), Email: sessions.Email(r.Email),
		Order: sessions.OrderID(r.OrderID), OrderedAt: sessions.Millis(r.OrderedAt), Into: ID(r.MergedInto),
		Updated: sessions.Millis(r.ToldAt), CheckingOut: r.CheckingOut != 0,
		Address: sessions.Email(r.Address), Customer: sessions.CustomerID(r.CustomerID), Browsers: browsers,
	}, nil
}

type orderRow struct {
	OrderID    string `gorm:"primaryKey"`
	Seq        int64
	VisitorID  int64
	CartID     string
	CheckoutID string
	CustomerID string
	Email      string
	Currency   string
	Total      *int64
	Lines      []byte
	Source     string
	ReceivedAt int64
	OccurredAt int64
	Refunded   int64
	Cancelled  int64
	ToldAt     int64
}

func (orderRow) TableName() string { return "orders" }

func rowOfOrder(o Order) (orderRow, error) {
	lines, err := encodeLines(o.Lines)
	if err != nil {
		return orderRow{}, fmt.Errorf("encode an order: %w", err)
	}
	return orderRow{
		OrderID: string(o.ID), Seq: int64(o.Seq), VisitorID: int64(o.Visitor), CartID: string(o.Cart),
		CheckoutID: string(o.Checkout), CustomerID: string(o.Customer), Email: string(o.Email),
		Currency: o.Currency, Total: o.Total, Lines: lines, Source: string(o.Source),
		ReceivedAt: int64(o.Received), OccurredAt: int64(o.Occurred), Refunded: o.Refunded, Cancelled: flag(o.Cancelled),
		ToldAt: int64(o.Updated),
	}, nil
}

func (r orderRow) order() (Order, error) {
	lines, err := decodeLines(r.Lines)
	if err != nil {
		return Order{}, fmt.Errorf("decode the order of event %d: %w", r.Seq, err)
	}
	return Order{
		ID: sessions.OrderID(r.OrderID), Seq: sessions.Seq(r.Seq), Visitor: sessions.VisitorID(r.VisitorID),
		Cart: sessions.CartID(r.CartID), Checkout: sessions.CheckoutID(r.CheckoutID),
		Customer: sessions.CustomerID(r.CustomerID), Email: sessions.Email(r.Email),
		Currency: r.Currency, Total: r.Total, Lines: lines, Source: sessions.Source(r.Source),
		Received: sessions.Millis(r.ReceivedAt), Occurred: sessions.Millis(r.OccurredAt),
		Refunded: r.Refunded, Cancelled: r.Cancelled != 0,
		Updated: sessions.Millis(r.ToldAt),
	}, nil
}

// encodeLines writes lines as JSON, none as an empty list.
func encodeLines(lines []sessions.Line) ([]byte, error) { return encodeList(lines) }

// encodeList writes a list as JSON, also an empty one.
func encodeList[T any](list []T) ([]byte, error) {
	if len(list) == 0 {
		return []byte("[]"), nil
	}
	return json.Marshal(list)
}

// decodeLines reads what encodeLines wrote. It is never nil, so that it is sent
// as a list.
func decodeLines(body []byte) ([]sessions.Line, error) {
	lines := []sessions.Line{}
	err := json.Unmarshal(body, &lines)
	return lines, err
}

type decisionRow struct {
	Seq         int64 `gorm:"primaryKey;autoIncrement:false"`
	Cart        int64
	Episode     int64
	Flow        string
	Step        int64
	Dry         int64
	Outcome     string
	Reason      string
	OrderID     string
	AbandonedAt int64
	DecidedAt   int64
	Seen        int64
	Session     int64
	Kind        string
	Channels    string
	Refusal     string
	NextAt      int64
}

func (decisionRow) TableName() string { return "decisions" }

func rowOfDecision(d Decision) decisionRow {
	return decisionRow{
		Seq: int64(d.Seq), Cart: int64(d.Cart), Episode: d.Episode, Flow: d.Flow, Step: d.Step, Dry: flag(d.Dry),
		Outcome: string(d.Outcome), Reason: string(d.Reason), OrderID: string(d.Order),
		AbandonedAt: int64(d.AbandonedAt), DecidedAt: int64(d.At), Seen: int64(d.Seen),
		Session: int64(d.Session), Kind: string(d.Kind), Channels: joinChannels(d.Channels), Refusal: string(d.Refusal),
		NextAt: int64(d.NextAt),
	}
}

func (r decisionRow) decision() Decision {
	return Decision{
		Seq: sessions.Seq(r.Seq), Cart: ID(r.Cart), Episode: r.Episode, Flow: r.Flow, Step: r.Step, Dry: r.Dry != 0,
		Outcome: Outcome(r.Outcome), Reason: Reason(r.Reason), Order: sessions.OrderID(r.OrderID),
		AbandonedAt: sessions.Millis(r.AbandonedAt), At: sessions.Millis(r.DecidedAt), Seen: sessions.Seq(r.Seen),
		Session: sessions.SessionID(r.Session), Kind: flow.Kind(r.Kind), Channels: splitChannels(r.Channels),
		Refusal: Reason(r.Refusal), NextAt: sessions.Millis(r.NextAt),
	}
}

type triggerRow struct {
	ID          string `gorm:"primaryKey"`
	Seq         int64
	Kind        string
	Cart        int64
	Episode     int64
	Flow        string
	Step        int64
	Dry         int64
	OrderID     string
	AbandonedAt int64
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
	Channels    string
	Session     int64
}

func (triggerRow) TableName() string { return "triggers" }

func rowOfTrigger(t Trigger) triggerRow {
	return triggerRow{
		ID: t.ID, Seq: int64(t.Seq), Kind: string(t.Kind), Cart: int64(t.Cart), Episode: t.Episode,
		Flow: t.Flow, Step: t.Step, Dry: flag(t.Dry), OrderID: string(t.Order),
		AbandonedAt: int64(t.AbandonedAt), CreatedAt: int64(t.At), Channels: joinChannels(t.Channels),
		Session: int64(t.Session),
	}
}

func (r triggerRow) trigger() Trigger {
	return Trigger{
		ID: r.ID, Seq: sessions.Seq(r.Seq), Kind: TriggerKind(r.Kind), Cart: ID(r.Cart), Episode: r.Episode,
		Flow: r.Flow, Step: r.Step, Dry: r.Dry != 0, Order: sessions.OrderID(r.OrderID),
		AbandonedAt: sessions.Millis(r.AbandonedAt), At: sessions.Millis(r.CreatedAt),
		Channels: splitChannels(r.Channels), Session: sessions.SessionID(r.Session),
	}
}

// joinChannels writes channels with blanks between.
func joinChannels(channels []Channel) string {
	texts := make([]string, len(channels))
	for i, c := range channels {
		texts[i] = string(c)
	}
	return strings.Join(texts, " ")
}

// splitChannels reads what joinChannels wrote. It is never nil, so that it is sent as a list.
func splitChannels(text string) []Channel {
	channels := []Channel{}
	for _, c := range strings.Fields(text) {
		channels = append(channels, Channel(c))
	}
	return channels
}
