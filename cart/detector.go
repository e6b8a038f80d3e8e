package cart

import (
	"context"
	"fmt"
	"math"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Detector finds carts that are due for a decision and decides.
type Detector struct {
	log  *sessions.Log
	flow Flow
}

// NewDetector returns a detector that decides by a flow. The log must have the
// [Store] among its projections.
func NewDetector(log *sessions.Log, flow Flow) *Detector { return &Detector{log, flow} }

// Options say which carts are looked at and what becomes of the decisions.
type Options struct {
	// Deliver makes decisions real. Otherwise they are dry: kept, but neither
	// delivered nor in the place of a real one.
	Deliver bool

	// History looks at every open cart, also at imported ones and those that
	// were idle before recovery was switched on. Otherwise only what is due is
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
}

func (r *Report) add(other Report) {
	r.Carts += other.Carts
	r.Abandoned += other.Abandoned
	r.Suppressed += other.Suppressed
	r.Triggers += other.Triggers
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

// Detect decides on all carts that are due at a time, 500 a transaction. What
// it decides stands in the log when it returns, with the triggers that follow.
// Running it again, at once or after a crash, or beside another one, decides
// nothing twice. With [Options.History] a time before the log's newest event is
// refused with an [EarlyError]. Cost: about 100 µs a cart that is due, found by
// index, and most of that for writing;
// with History a pass over all carts.
func (d *Detector) Detect(ctx context.Context, now time.Time, o Options) (Report, error) {
	var total Report
	p := page{}
	for more := true; more; {
		var part Report
		var next page
		_, err := d.log.Decide(ctx, func(tx *gorm.DB, h sessions.Head) ([]*sessions.Event, error) {
			if err := o.Lease.Hold(tx); err != nil {
				return nil, err
			}
			run := run{tx: tx, flow: d.flow, head: h, now: sessions.MillisOf(now), options: o}
			events, err := run.decide(p)
			part, next, more = run.report, run.next, run.more
			return events, err
		})
		if err != nil {
			return total, fmt.Errorf("detect abandoned carts as of %s: %w", now.UTC().Format(time.RFC3339), err)
		}
		total.add(part)
		p = next
	}
	return total, nil
}

// OldestDue returns when the cart was abandoned that has been due for the longest
// without a decision on it, 0 when none is due at a time. Cost: one look into the
// index of due carts.
func (d *Detector) OldestDue(tx *gorm.DB, now time.Time) (sessions.Millis, error) {
	run := run{tx: tx, flow: d.flow, now: sessions.MillisOf(now)}
	query, err := run.due(page{})
	if err != nil || query == nil {
		return 0, err
	}
	var rows []cartRow
	if err := query.Limit(1).Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("look for the oldest due cart: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	return d.flow.AbandonedAt(sessions.Millis(rows[0].LastActivity)), nil
}

// A page is where the next carts are to be read from, exclusive.
type page struct {
	activity sessions.Millis // of due carts
	cart     ID
}

// A run decides on one page of carts in one transaction.
type run struct {
	tx      *gorm.DB
	flow    Flow
	head    sessions.Head
	now     sessions.Millis
	options Options

	report Report
	next   page
	more   bool
}

// decide returns the decisions on the carts after p, as events to be appended.
func (r *run) decide(p page) ([]*sessions.Event, error) {
	if r.options.Running {
		r.now = max(r.now, r.head.Newest)
	}
	// What arrives while the pages go by is later than all that they show.
	if r.options.History && p == (page{}) && r.now < r.head.Newest {
		return nil, &EarlyError{r.now.Time(), r.head.Newest.Time()}
	}
	carts, err := r.load(p)
	if err != nil || len(carts) == 0 {
		return nil, err
	}
	last := carts[len(carts)-1]
	r.next = page{last.LastActivity, last.ID}
	r.more = len(carts) == cartsPerDecision
	r.report.Carts += len(carts)
	abandoned := r.abandoned(carts)
	if len(abandoned) == 0 {
		return nil, nil
	}
	r.report.Abandoned += len(abandoned)
	facts, err := LoadFacts(r.tx, abandoned)
	if err != nil {
		return nil, err
	}
	made, err := loadMade(r.tx, abandoned, r.flow.Name, !r.options.Deliver)
	if err != nil {
		return nil, err
	}
	return r.rule(facts, made)
}

// abandoned returns those carts that were idle for the wait.
func (r *run) abandoned(carts []Cart) []Cart {
	var idle []Cart
	for _, c := range carts {
		if r.flow.AbandonedAt(c.LastActivity) <= r.now {
			idle = append(idle, c)
		}
	}
	return idle
}

// load reads the next carts: all open ones, or those that are due.
func (r *run) load(p page) ([]Cart, error) {
	query := r.tx.Where("status = 'open' AND id > ?", int64(p.cart)).Order("id")
	if !r.options.History {
		var err error
		if query, err = r.due(p); err != nil || query == nil {
			return nil, err
		}
	}
	var rows []cartRow
	if err := query.Limit(cartsPerDecision).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load carts: %w", err)
	}
	return cartsOf(rows)
}

// due selects eligible carts that are idle and not decided, in the order and
// with the condition of their index. It is nil while recovery is off.
func (r *run) due(p page) (*gorm.DB, error) {
	settings, err := sessions.LoadSettings(r.tx)
	if err != nil || settings.RecoveryEnabled == 0 {
		return nil, err
	}
	if p.activity < settings.RecoveryEnabled {
		p = page{settings.RecoveryEnabled - 1, math.MaxInt64}
	}
	return r.tx.Where("status = 'open' AND live = 1 AND decided = '' AND (last_activity, id) > (?, ?) AND last_activity <= ?",
		int64(p.activity), int64(p.cart), int64(r.now.Add(-r.flow.Wait))).Order("last_activity, id"), nil
}

// rule decides on carts of which nothing final was decided, and holds each at
// most once for the same reason.
func (r *run) rule(facts []Facts, made made) ([]*sessions.Event, error) {
	var events []*sessions.Event
	for _, f := range facts {
		outcome, reason := Decide(r.flow, f, r.now)
		if outcome == Suppress || outcome == Hold {
			r.report.Suppressed++
		}
		if made.already(f.Cart, outcome, reason) {
			continue
		}
		d := content{
			Cart: f.Cart.ID, Name: f.Cart.Name, Episode: f.Cart.Episode, Flow: r.flow.Name, Dry: !r.options.Deliver,
			Outcome: outcome, Reason: reason, Order: f.Order,
			AbandonedAt: r.flow.AbandonedAt(f.Cart.LastActivity), At: r.now, Seen: r.head.Seq,
		}
		e, err := sessions.Own(sessions.DecisionMade, f.Cart.Visitor, r.now, d)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
		if outcome == Fire {
			r.report.Triggers++
		}
	}
	return events, nil
}
