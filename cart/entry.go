package cart

import (
	"fmt"
	"math"
	"time"

	"gorm.io/gorm"

	"cartwright/cart/flow"
	"cartwright/sessions"
)

// carts decides on one page of carts that were left, and returns the decisions as
// events to be appended.
func (r *run) carts() ([]*sessions.Event, error) {
	// What arrives while the pages go by is later than all that they show.
	if r.options.History && r.page == (page{}) && r.now < r.head.Newest {
		return nil, &EarlyError{r.now.Time(), r.head.Newest.Time()}
	}
	carts, err := r.load()
	if err != nil || len(carts) == 0 {
		return nil, err
	}
	last := carts[len(carts)-1]
	r.next = page{last.LastActivity, last.ID}
	r.more = len(carts) == cartsPerDecision
	r.report.Carts += len(carts)
	e := entries{run: r}
	if e.surroundings, err = r.surroundings(carts); err != nil {
		return nil, err
	}
	if e.carts, e.flows = r.abandoned(carts, e.surroundings); len(e.carts) == 0 {
		return nil, nil
	}
	r.report.Abandoned += len(e.carts)
	if e.facts, err = r.facts(e.carts); err != nil {
		return nil, err
	}
	if e.made, err = loadMade(r.tx, e.carts, !r.options.Deliver); err != nil {
		return nil, err
	}
	if e.active, err = r.activeOf(e.carts); err != nil {
		return nil, err
	}
	return e.decide()
}

// abandoned returns those carts that were idle for the wait of the flow that takes them, with
// these flows; one without a name stands for none.
func (r *run) abandoned(carts []Cart, s surroundings) (idle []Cart, flows []flow.Flow) {
	for _, c := range carts {
		f, taken := r.flowOf(c, s)
		if !taken {
			f = flow.Flow{Wait: r.shortestWait()}
		}
		if f.Wait == 0 || c.LastSeq > s.written {
			continue // no flow takes carts at all, or what flows ask for is not known yet
		}
		if f.AbandonedAt(c.LastActivity) <= r.now {
			idle, flows = append(idle, c), append(flows, f)
		}
	}
	return idle, flows
}

// flowOf returns the first flow that takes a cart: of checkouts only if the shopper
// began one.
func (r *run) flowOf(c Cart, s surroundings) (flow.Flow, bool) {
	for _, f := range r.plan {
		fits := f.Kind == flow.Cart || f.Kind == flow.Checkout && c.CheckingOut
		if fits && (f.Conditions.Empty() || f.Conditions.Take(s.of(c))) {
			return f, true
		}
	}
	return flow.Flow{}, false
}

func (r *run) shortestWait() time.Duration {
	wait, _ := r.plan.ShortestWait(flow.Cart, flow.Checkout)
	return wait
}

// load reads the next carts: all open ones, or those that are due.
func (r *run) load() ([]Cart, error) {
	query := r.tx.Where("status = 'open' AND id > ?", int64(r.page.cart)).Order("id")
	if !r.options.History {
		if query = r.due(r.shortestWait()); query == nil {
			return nil, nil
		}
	}
	var rows []cartRow
	if err := query.Limit(cartsPerDecision).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load carts: %w", err)
	}
	return cartsOf(rows)
}

// due selects eligible carts that were idle for a wait and are not decided, in the order and
// with the condition of their index. It is nil while recovery is off, or where no flow takes
// carts.
func (r *run) due(wait time.Duration) *gorm.DB {
	if r.enabled == 0 || wait == 0 {
		return nil
	}
	p := r.page
	if p.activity < r.enabled {
		p = page{r.enabled - 1, math.MaxInt64}
	}
	return r.tx.Where("status = 'open' AND live = 1 AND decided = '' AND (last_activity, id) > (?, ?) AND last_activity <= ?",
		int64(p.activity), int64(p.cart), int64(r.now.Add(-wait))).Order("last_activity, id")
}

// entries are abandoned carts on their way into flows.
type entries struct {
	*run
	carts        []Cart
	flows        []flow.Flow // that take them
	facts        []Facts
	surroundings surroundings
	made         made
	active       activeFlows
}

// decide decides on carts of which nothing final was decided, and holds each at
// most once for the same reason.
func (e *entries) decide() ([]*sessions.Event, error) {
	var events []*sessions.Event
	for i, facts := range e.facts {
		d, ended := e.enter(e.flows[i], facts)
		if d.Outcome == Suppress || d.Outcome == Hold {
			e.report.Suppressed++
		}
		if e.made.already(facts.Cart, d.Outcome, d.Reason) {
			continue
		}
		for _, decision := range append(ended, d) {
			event, err := e.run.made(decision)
			if err != nil {
				return nil, err
			}
			events = append(events, event)
		}
		e.active.entered(d)
		if d.Outcome == Fire {
			e.report.Triggers++
		}
	}
	return events, nil
}

// enter returns what becomes of an abandoned cart, and how what it supersedes ends.
func (e *entries) enter(f flow.Flow, facts Facts) (d Decision, ended []Decision) {
	c := facts.Cart
	d = Decision{
		Cart: c.ID, Name: c.Name, Episode: c.Episode, Flow: f.Name, Kind: f.Kind, Dry: !e.options.Deliver, Order: facts.Order,
		AbandonedAt: f.AbandonedAt(c.LastActivity), Visitor: c.Visitor,
	}
	if f.Name == "" {
		d.Outcome, d.Reason = Pass, NoFlow
		return d, nil
	}
	if d.Outcome, d.Reason = Decide(f, facts, e.now); d.Outcome != Fire {
		return d, nil
	}
	return e.active.admit(f, d)
}

// admit returns the decision that takes a subject into a flow, or holds it because
// the shopper is in one of at least its priority. A flow of a lower one ends for it.
// Of two browse flows the later one counts: what the shopper looked at last.
func (a activeFlows) admit(f flow.Flow, d Decision) (Decision, []Decision) {
	var ended []Decision
	if !d.Dry && d.Visitor != 0 && len(f.Steps) > 0 {
		for _, other := range a.of[d.Visitor] {
			if other.subject() == d.subject() {
				continue
			}
			newer := f.Kind == flow.Browse && other.Kind == flow.Browse
			if in, configured := a.plan.Named(other.Flow); configured && in.Priority >= f.Priority && !newer {
				d.Outcome, d.Reason = Hold, InOtherFlow
				return d, nil
			}
			ended = append(ended, other.ends(Superseded))
		}
	}
	if f.HeldOut(d.Visitor) && d.Visitor != 0 {
		d.Outcome, d.Reason = HoldOut, InHoldout
		return d, ended
	}
	if at, any := f.DueAt(1, d.AbandonedAt); any && !d.Dry {
		d.NextStep, d.NextAt = 1, at
	}
	return d, ended
}

// ends returns the decision that ends an enrolment before its time.
func (e Enrolment) ends(why Reason) Decision {
	return Decision{
		Cart: e.Cart, Session: e.Session, Episode: e.Episode, Flow: e.Flow, Kind: e.Kind, Step: e.NextStep,
		Outcome: Suppress, Reason: why, AbandonedAt: e.Abandoned, Visitor: e.Visitor,
	}
}
