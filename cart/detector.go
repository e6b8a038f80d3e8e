package cart

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Detector finds what is due for a decision and decides: carts and sessions that
// were left, and the steps of the flows that they went into.
type Detector struct {
	log   *sessions.Log
	rules Rules
}

// NewDetector returns a detector that decides by the flows of the log and by rules.
// The log must have the [Store] among its projections.
func NewDetector(log *sessions.Log, r Rules) *Detector { return &Detector{log, r.remembering()} }

// Options say which carts are looked at and what becomes of the decisions.
type Options struct {
	// Deliver makes decisions real. Otherwise they are dry: kept, but neither
	// delivered nor in the place of a real one. Only what is real goes into a flow:
	// no step of it is ever dry.
	Deliver bool

	// History looks at every open cart, also at imported ones and those that
	// were idle before recovery was switched on, and at nothing else. Otherwise only what is due is
	// looked at: eligible and not decided yet.
	History bool

	// Running says that the time is the present, and that more may arrive while
	// it is looked at: with History, the time then moves on with what arrives,
	// instead of being refused.
	Running bool

	// Lease is whose end makes the detection stop, without a trace of the
	// transaction that it is in.
	Lease database.Lease
}

// Report counts what one detection did.
type Report struct {
	Carts      int `json:"carts"`      // open carts with units looked at
	Abandoned  int `json:"abandoned"`  // of these, idle at least the wait
	Suppressed int `json:"suppressed"` // of these, held back by an order or an active shopper
	Triggers   int `json:"triggers"`   // created by this run
	Sessions   int `json:"sessions"`   // that ended with products looked at
	Steps      int `json:"steps"`      // of flows decided on
}

func (r *Report) add(other Report) {
	r.Carts += other.Carts
	r.Abandoned += other.Abandoned
	r.Suppressed += other.Suppressed
	r.Triggers += other.Triggers
	r.Sessions += other.Sessions
	r.Steps += other.Steps
}

// EarlyError says that history was to be looked at as of a time before its end.
type EarlyError struct {
	At     time.Time
	Newest time.Time // the newest received time of any event
}

// Error names both times.
func (e *EarlyError) Error() string {
	return fmt.Sprintf("%s is before the newest event, which was received at %s: name that time or a later one",
		e.At.UTC().Format(time.RFC3339), e.Newest.UTC().Format(time.RFC3339Nano))
}

// cartsPerDecision bounds one transaction, in which nothing can be appended:
// ingest waits some milliseconds for it.
const cartsPerDecision = 500

// Detect decides on everything that is due at a time, 500 subjects a transaction: first
// on the carts that were left, then on the sessions, then on the steps of flows. What
// it decides stands in the log when it returns, with the triggers that follow.
// Running it again, at once or after a crash, or beside another one, decides
// nothing twice. With [Options.History] a time before the log's newest event is
// refused with an [EarlyError]. Cost: about 100 µs a cart that is due, found by
// index, and most of that for writing;
// with History a pass over all carts.
func (d *Detector) Detect(ctx context.Context, now time.Time, o Options) (Report, error) {
	phases := []func(*run) ([]*sessions.Event, error){(*run).carts, (*run).visits, (*run).steps}
	if o.History {
		phases = phases[:1]
	}
	var total Report
	for _, phase := range phases {
		if err := d.exhaust(ctx, now, o, phase, &total); err != nil {
			return total, fmt.Errorf("detect what was abandoned as of %s: %w", now.UTC().Format(time.RFC3339), err)
		}
	}
	return total, nil
}

// exhaust decides by one phase, page after page, until nothing is left for it.
func (d *Detector) exhaust(ctx context.Context, now time.Time, o Options, phase func(*run) ([]*sessions.Event, error), total *Report) error {
	p := page{}
	for more := true; more; {
		var r *run
		_, err := d.log.Decide(ctx, func(tx *gorm.DB, h sessions.Head) ([]*sessions.Event, error) {
			if err := o.Lease.Hold(tx); err != nil {
				return nil, err
			}
			r = &run{tx: tx, rules: d.rules, head: h, now: sessions.MillisOf(now), options: o, page: p}
			if err := r.begin(); err != nil {
				return nil, err
			}
			return phase(r)
		})
		if err != nil {
			return err
		}
		total.add(r.report)
		p, more = r.next, r.more
	}
	return nil
}

// OldestDue returns when the cart was abandoned, under every flow that might take it, that has been due for the
// longest without a decision on it, 0 when none is due at a time. Cost: one look into the
// index of due carts.
func (d *Detector) OldestDue(tx *gorm.DB, now time.Time) (sessions.Millis, error) {
	r := &run{tx: tx, rules: d.rules, now: sessions.MillisOf(now)}
	if err := r.begin(); err != nil {
		return 0, err
	}
	var longest time.Duration
	for _, f := range r.plan {
		if f.Kind != flow.Browse {
			longest = max(longest, f.Wait)
		}
	}
	query := r.due(longest)
	if query == nil {
		return 0, nil
	}
	var rows []cartRow
	if err := query.Limit(1).Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("look for the oldest due cart: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	return sessions.Millis(rows[0].LastActivity).Add(longest), nil
}

// A page is where the next carts are to be read from, exclusive.
type page struct {
	activity sessions.Millis // of due carts
	cart     ID
}

// A run decides on one page in one transaction.
type run struct {
	tx      *gorm.DB
	rules   Rules
	plan    flow.Plan
	enabled sessions.Millis // since when recovery is on; 0: it is off
	head    sessions.Head
	now     sessions.Millis
	options Options
	page    page
	telling *Trigger // what is rechecked: only messages before it count

	report Report
	next   page
	more   bool
}

// begin loads what every decision needs.
func (r *run) begin() (err error) {
	if r.options.Running {
		r.now = max(r.now, r.head.Newest)
	}
	settings, err := sessions.LoadSettings(r.tx)
	if err != nil {
		return err
	}
	r.enabled = settings.RecoveryEnabled
	r.plan, err = r.rules.plan(r.tx)
	return err
}

// made returns the event that a decision is.
func (r *run) made(d Decision) (*sessions.Event, error) {
	d.At, d.Seen = r.now, r.head.Seq
	return sessions.Own(sessions.DecisionMade, d.Visitor, r.now, content(d))
}
