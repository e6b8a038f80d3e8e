package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// DeliveryState is how a delivery stands.
type DeliveryState struct {
	Trigger   string     `json:"trigger_id"` // the webhook-id of its messages
	Endpoint  EndpointID `json:"endpoint_id"`
	Status    string     `json:"status"` // pending, sending, delivered, failed, suppressed or cancelled
	Attempts  int64      `json:"attempts"`
	Code      *int       `json:"status_code"`     // of the last answer
	Error     *string    `json:"error"`           // of the last attempt, or why it ended
	CreatedAt time.Time  `json:"created_at"`      // when it was made
	NextAt    *time.Time `json:"next_attempt_at"` // while sending: when the attempt is taken for lost
	EndedAt   *time.Time `json:"ended_at"`

	seq sessions.Seq
}

// Place is where the delivery stands in the log of its endpoint's, for [Endpoints.Deliveries].
func (s DeliveryState) Place() string { return fmt.Sprintf("%d.%s", s.seq, s.Trigger) }

// AttemptState is how an attempt went, and what was sent in it.
type AttemptState struct {
	Attempt   int64     `json:"attempt"`
	StartedAt time.Time `json:"started_at"`
	TookMS    *int64    `json:"took_ms"`     // null while it is not known
	Result    string    `json:"result"`      // delivered, retry, gone or failed; under_way, or unknown if it was never noted
	Code      *int      `json:"status_code"` // null: there was no answer
	Error     *string   `json:"error"`
	Answer    string    `json:"answer"` // how its body begins
	Body      string    `json:"body"`   // what was sent
}

// DeliveryLog is a delivery with all its attempts, the oldest first.
type DeliveryLog struct {
	DeliveryState
	Log []AttemptState `json:"attempt_log"`
}

// deliveryStates are all states of a delivery.
func deliveryStates() []string {
	return []string{Pending, Sending, Delivered, Undelivered, Suppressed, Cancelled}
}

// Deliveries returns deliveries to an endpoint, the newest trigger first: up to limit of those
// that stand at a status, if one is given, after a [DeliveryState.Place]. Cost: by index, but with a status
// all deliveries up to the last one found are read.
func (e *Endpoints) Deliveries(ctx context.Context, id EndpointID, status, after string, limit int) ([]DeliveryState, error) {
	tx := e.db.Read(ctx)
	if _, err := findEndpoint(tx, id); err != nil {
		return nil, err
	}
	query := tx.Where("endpoint_id = ?", int64(id))
	if status != "" {
		if !slices.Contains(deliveryStates(), status) {
			return nil, wrong("invalid_parameter", "status must be one of %s", strings.Join(deliveryStates(), ", "))
		}
		query = query.Where("status = ?", status)
	}
	if after != "" {
		text, trigger, found := strings.Cut(after, ".")
		seq, err := strconv.ParseInt(text, 10, 64)
		if err != nil || !found || !fits(trigger, longestURL) {
			return nil, wrong("invalid_parameter", "after must be the next of the page before")
		}
		query = query.Where("(trigger_seq, trigger_id) < (?, ?)", seq, trigger)
	}
	var rows []deliveryRow
	if err := query.Order("trigger_seq DESC, trigger_id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load deliveries to endpoint %d: %w", id, err)
	}
	list := make([]DeliveryState, len(rows))
	for i, r := range rows {
		list[i] = r.state()
	}
	return list, nil
}

// Delivery returns one delivery with its attempts, also to an endpoint that was deleted since. The error
// is [sessions.ErrNotFound] if there is none.
func (e *Endpoints) Delivery(ctx context.Context, trigger string, id EndpointID) (log DeliveryLog, err error) {
	err = e.db.Snapshot(ctx, func(tx *gorm.DB) error {
		row, err := findDelivery(tx, trigger, id)
		if err != nil {
			return err
		}
		var attempts []attemptRow
		if err := tx.Where("trigger_id = ? AND endpoint_id = ?", trigger, int64(id)).Order("attempt").Find(&attempts).Error; err != nil {
			return fmt.Errorf("load the attempts of delivery %s to endpoint %d: %w", trigger, id, err)
		}
		log = DeliveryLog{row.state(), []AttemptState{}}
		for _, a := range attempts {
			log.Log = append(log.Log, a.state(row))
		}
		return nil
	})
	return log, err
}

func findDelivery(tx *gorm.DB, trigger string, id EndpointID) (row deliveryRow, err error) {
	if !fits(trigger, longestURL) { // which not every database can be asked for
		return row, sessions.ErrNotFound
	}
	err = tx.Where("trigger_id = ? AND endpoint_id = ?", trigger, int64(id)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = sessions.ErrNotFound
	}
	if err != nil {
		return row, fmt.Errorf("find delivery %s to endpoint %d: %w", trigger, id, err)
	}
	return row, nil
}

func (r deliveryRow) state() DeliveryState {
	return DeliveryState{
		Trigger: r.TriggerID, Endpoint: EndpointID(r.EndpointID), Status: r.Status, Attempts: r.Attempts, Code: status(r.LastStatusCode),
		Error: given(r.LastError), CreatedAt: sessions.Millis(r.CreatedAt).Time(), NextAt: instant(r.NextAttemptAt), EndedAt: instant(r.EndedAt),
		seq: sessions.Seq(r.TriggerSeq),
	}
}

// state is the attempt as it is shown, of a delivery.
func (r attemptRow) state(of deliveryRow) AttemptState {
	s := AttemptState{
		Attempt: r.Attempt, StartedAt: sessions.Millis(r.StartedAt).Time(), TookMS: &r.TookMS, Result: r.Result,
		Code: status(r.StatusCode), Error: given(r.Error), Answer: shownText(r.Answer), Body: shownText(r.Body),
	}
	switch {
	case r.Result != "":
	case of.Status == Sending && of.Attempts == r.Attempt:
		s.Result, s.TookMS = "under_way", nil
	default:
		s.Result, s.TookMS = "unknown", nil
	}
	return s
}
