package sessions

import (
	"bytes"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// rowsPerInsert is how many rows one INSERT carries: wider statements gain
// nothing, and fewer parameters stay far from both databases' limits.
const rowsPerInsert = 100

// eventRow is an event as stored.
type eventRow struct {
	Seq        int64 `gorm:"primaryKey;autoIncrement:false"`
	ReceivedAt int64
	OccurredAt int64
	Kind       string
	Source     string
	VisitorID  int64
	Body       []byte
}

func (eventRow) TableName() string { return "events" }

var intoEvents = database.Into{
	Table:   "events",
	Columns: []string{"seq", "received_at", "occurred_at", "kind", "source", "visitor_id", "body"},
}

func (r *eventRow) values(args []any) []any {
	return append(args, r.Seq, r.ReceivedAt, r.OccurredAt, r.Kind, r.Source, r.VisitorID, r.Body)
}

// encodeBody returns the JSON of an event's payload.
func encodeBody(e *Event) ([]byte, error) {
	body, err := json.Marshal(&e.Payload)
	if err != nil {
		return nil, fmt.Errorf("encode an event of kind %s: %w", e.Kind, err)
	}
	return body, nil
}

// storedBody returns an event's body and makes the event what will be read back:
// text that is not UTF-8 is replaced, and projections must not see it otherwise.
func storedBody(e *Event) ([]byte, error) {
	body, err := encodeBody(e)
	if err == nil && bytes.Contains(body, []byte(`\ufffd`)) { // as JSON writes what it replaced
		var stored Payload
		err = json.Unmarshal(body, &stored)
		e.Payload = stored
	}
	return body, err
}

func rowOf(e *Event, body []byte) eventRow {
	return eventRow{
		Seq: int64(e.Seq), ReceivedAt: int64(e.Received), OccurredAt: int64(e.Occurred),
		Kind: string(e.Kind), Source: string(e.Source), VisitorID: int64(e.Visitor), Body: body,
	}
}

func (r eventRow) event() (*Event, error) {
	e := &Event{
		Seq: Seq(r.Seq), Received: Millis(r.ReceivedAt), Occurred: Millis(r.OccurredAt),
		Kind: Kind(r.Kind), Source: Source(r.Source), Visitor: VisitorID(r.VisitorID),
	}
	if err := json.Unmarshal(r.Body, &e.Payload); err != nil {
		return nil, fmt.Errorf("decode event %d: %w", r.Seq, err)
	}
	return e, nil
}

// ReadEvents returns up to limit events after a seq as tx sees them, in order.
func ReadEvents(tx *gorm.DB, after Seq, limit int) ([]*Event, error) {
	var rows []eventRow
	if err := tx.Where("seq > ?", int64(after)).Order("seq").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read events after %d: %w", after, err)
	}
	return eventsOf(rows)
}

func eventsOf(rows []eventRow) ([]*Event, error) {
	events := make([]*Event, len(rows))
	for i, r := range rows {
		e, err := r.event()
		if err != nil {
			return nil, err
		}
		events[i] = e
	}
	return events, nil
}

// Own returns an event that Cartwright appends itself, with data as its content.
func Own(kind Kind, visitor VisitorID, now Millis, data any) (*Event, error) {
	content, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", kind, err)
	}
	e := &Event{Kind: kind, Source: Ours, Visitor: visitor, Received: now, Occurred: now}
	e.Data = content
	return e, nil
}

// OfKind returns all events of a kind that is rare, in order. Cost: a pass over the log.
func OfKind(tx *gorm.DB, kind Kind) ([]*Event, error) {
	var rows []eventRow
	if err := tx.Where("kind = ?", string(kind)).Order("seq").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read events of kind %s: %w", kind, err)
	}
	return eventsOf(rows)
}
