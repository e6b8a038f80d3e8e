package cart

import (
	"encoding/json"
	"time"

	"cartwright/cart/flow"
	"cartwright/sessions"
)

// What is kept in milliseconds is sent as RFC 3339.

// instant returns a time as it is sent: null for none.
func instant(m sessions.Millis) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}

// MarshalJSON writes the cart as it is shown, with its times as RFC 3339.
func (c Cart) MarshalJSON() ([]byte, error) {
	type plain Cart
	return json.Marshal(struct {
		plain
		Began        *time.Time `json:"began_at"`
		LastActivity *time.Time `json:"last_activity_at"`
		OrderedAt    *time.Time `json:"ordered_at,omitempty"`
	}{plain(c), instant(c.Began), instant(c.LastActivity), instant(c.OrderedAt)})
}

// MarshalJSON writes the order as it is shown, with its times as RFC 3339.
func (o Order) MarshalJSON() ([]byte, error) {
	type plain Order
	return json.Marshal(struct {
		plain
		Received *time.Time `json:"received_at"`
		Occurred *time.Time `json:"occurred_at"`
	}{plain(o), instant(o.Received), instant(o.Occurred)})
}

// MarshalJSON writes the trigger as it is shown, with its times as RFC 3339.
func (t Trigger) MarshalJSON() ([]byte, error) {
	type plain Trigger
	return json.Marshal(struct {
		plain
		AbandonedAt *time.Time `json:"abandoned_at"`
		At          *time.Time `json:"created_at"`
	}{plain(t), instant(t.AbandonedAt), instant(t.At)})
}

// MarshalJSON writes the flows as they are shown: with their version and origin.
func (c Configured) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Version sessions.Seq `json:"version"`
		Origin  string       `json:"origin"`
		At      *time.Time   `json:"changed_at"`
		Flows   []flow.Flow  `json:"flows"`
	}{c.Version, c.Origin, instant(c.At), append([]flow.Flow{}, c.Flows...)})
}

// MarshalJSON writes the decision as it is shown, in words too and with its times as RFC 3339.
// In the log they stand in milliseconds.
func (d Decision) MarshalJSON() ([]byte, error) {
	type plain Decision
	return json.Marshal(struct {
		plain
		AbandonedAt *time.Time `json:"abandoned_at"`
		At          *time.Time `json:"decided_at"`
		NextAt      *time.Time `json:"next_at,omitempty"`
		Words       string     `json:"words"`
	}{plain(d), instant(d.AbandonedAt), instant(d.At), instant(d.NextAt), d.Words()})
}
