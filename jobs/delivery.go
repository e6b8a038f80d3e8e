package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// DeliveryOptions are what deliveries are made of.
type DeliveryOptions struct {
	Database *database.DB
	Log      *sessions.Log
	Triggers Triggers
	Messages Messages
	Sender   *webhook.Sender
	Now      func() time.Time // the clock of attempts; nil means time.Now
	Logger   *slog.Logger     // is told of endpoints that are disabled; nil means none

	// DisableAfter is for how long all attempts at an endpoint may fail before it is
	// disabled; 0 means for ever.
	DisableAfter time.Duration
}

// Delivery brings triggers to the endpoints. Each endpoint has a worker of its
// own while something is due for it, so that one that does not answer delays no
// other; a worker outlives the run that started it, until [Delivery.Close] or the
// end of the lease that the run was under.
type Delivery struct {
	db       *database.DB
	log      *sessions.Log
	triggers Triggers
	messages Messages
	sender   *webhook.Sender
	now      func() time.Time
	logger   *slog.Logger
	patience time.Duration // with endpoints that fail

	*crew[EndpointID]
}

// NewDelivery returns the deliveries of a shop.
func NewDelivery(o DeliveryOptions) *Delivery {
	d := &Delivery{
		db: o.Database, log: o.Log, triggers: o.Triggers, messages: o.Messages, sender: o.Sender, now: o.Now,
		logger: o.Logger, patience: o.DisableAfter, crew: newCrew[EndpointID](),
	}
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}
	if d.now == nil {
		d.now = time.Now
	}
	return d
}

// Job returns the line of the table that delivers.
func (d *Delivery) Job(schedule string) Job {
	return Job{
		Name: DeliveryJob, Schedule: schedule, Deadline: 30 * time.Second, Run: d.Run,
		Purpose: "Send triggers to the shop's endpoints and try again what did not arrive.",
	}
}

// patience is how long a run waits for the workers it started. It is less than
// the shortest schedule, so that no run is skipped because of a slow endpoint.
const patience = 500 * time.Millisecond

// Run makes deliveries of new triggers and starts a worker for each endpoint that
// something is due for at now. It reports what happened since the report before:
// a worker that is still busy when the run ends is counted in a later one.
func (d *Delivery) Run(ctx context.Context, now time.Time, lease database.Lease) (Report, error) {
	made, err := d.fanOut(ctx, lease, sessions.MillisOf(now))
	d.count("made", made)
	if err != nil {
		return d.report(err)
	}
	// A run that begins during a pause was asked for: only a later pause ends its workers.
	pause, err := pausedSince(d.db.Read(ctx), DeliveryJob)
	if err != nil {
		return d.report(err)
	}
	due, err := d.dueEndpoints(ctx, sessions.MillisOf(now))
	if err != nil {
		return d.report(err)
	}
	var started []<-chan struct{}
	for _, id := range due {
		if done, ok := d.start(id, func() error { return d.work(id, lease, pause) }); ok {
			started = append(started, done)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, done := range started {
		select {
		case <-done:
		case <-ctx.Done():
		}
	}
	return d.report(nil)
}

// Close starts no attempt any more and waits for those under way. When ctx ends
// first they are broken off, and tried again by their schedule.
func (d *Delivery) Close(ctx context.Context) {
	d.end(ctx)
	d.sender.Close()
}

// dueEndpoints returns the endpoints that a delivery is due for.
func (d *Delivery) dueEndpoints(ctx context.Context, now sessions.Millis) ([]EndpointID, error) {
	var ids []EndpointID
	err := d.db.Read(ctx).Raw(`SELECT id FROM endpoints WHERE EXISTS (
		SELECT 1 FROM deliveries AS d WHERE d.endpoint_id = endpoints.id AND d.next_attempt_at > 0 AND d.next_attempt_at <= ?
	) ORDER BY id`, int64(now)).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("look for due deliveries: %w", err)
	}
	return ids, nil
}
