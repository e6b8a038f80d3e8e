package cart

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// browseCursor names the cursor up to which the log was looked through for sessions
// that ended a wait ago.
func browseCursor(wait time.Duration) string { return browsePrefix + wait.String() }

const browsePrefix = "browse "

// visits decides on sessions that were left, a part of the log at a time: those in
// which products were looked at, of shoppers who have no cart, ordered nothing since
// it began, and did not come back. Of the others nothing is said: they are nobody's
// to remind. Each wait of a browse flow has a cursor of its own, so that of two flows
// the one with the shorter wait comes first.
func (r *run) visits() ([]*sessions.Event, error) {
	if r.enabled == 0 || !r.options.Deliver {
		return nil, nil
	}
	var waits []time.Duration
	for _, f := range r.plan {
		if f.Kind == flow.Browse {
			waits = append(waits, f.Wait)
		}
	}
	slices.Sort(waits)
	waits = slices.Compact(waits)
	if err := r.keepCursors(waits); err != nil {
		return nil, err
	}
	for _, wait := range waits {
		ended, moved, err := r.ended(wait)
		if err != nil {
			return nil, err
		}
		if r.more = moved; moved {
			return r.leave(wait, ended)
		}
	}
	return nil, nil
}

// keepCursors forgets how far the log was looked through for waits that no flow has:
// configured again, a flow begins with what comes then.
func (r *run) keepCursors(waits []time.Duration) error {
	names := make([]string, len(waits))
	for i, wait := range waits {
		names[i] = browseCursor(wait)
	}
	return sessions.DropCursors(r.tx, browsePrefix, names)
}

// ended returns the next sessions that ended at least a wait ago, and whether there
// was anything to look through. Browse flows begin with what comes after they were
// configured.
func (r *run) ended(wait time.Duration) (ended []sessions.Visit, moved bool, err error) {
	name := browseCursor(wait)
	after, known, err := sessions.LoadCursor(r.tx, name)
	if err != nil {
		return nil, false, err
	}
	if !known {
		return nil, false, sessions.SaveCursor(r.tx, name, r.head.Seq)
	}
	ended, upTo, err := sessions.EndedVisits(r.tx, after, r.now.Add(-wait))
	if err != nil || upTo == after {
		return nil, false, err
	}
	return ended, true, sessions.SaveCursor(r.tx, name, upTo)
}

// leave returns the decisions on sessions that ended.
func (r *run) leave(wait time.Duration, ended []sessions.Visit) ([]*sessions.Event, error) {
	var carts []Cart
	for _, v := range ended {
		if len(v.Products) > 0 && v.Last >= r.enabled {
			carts = append(carts, cartOfVisit(v))
		}
	}
	if len(carts) == 0 {
		return nil, nil
	}
	b, err := r.browsers(carts)
	if err != nil {
		return nil, err
	}
	var events []*sessions.Event
	for i, c := range carts {
		f, taken := r.browseFlow(wait, c, b.surroundings)
		if !taken || !b.left(c, b.facts[i]) || c.LastActivity.Add(f.MaximumAge) < r.now {
			continue
		}
		r.report.Sessions++
		d, also := b.active.admit(f, Decision{
			Session: sessions.SessionID(-c.ID), Episode: 1, Flow: f.Name, Kind: f.Kind, Outcome: Fire, Reason: Idle,
			AbandonedAt: f.AbandonedAt(c.LastActivity), Visitor: c.Visitor,
		})
		if d.Outcome == Hold {
			continue // whoever is in a flow of carts is not reminded of what else they looked at
		}
		for _, decision := range append(also, d) {
			event, err := r.made(decision)
			if err != nil {
				return nil, err
			}
			events = append(events, event)
		}
		b.active.entered(d)
		if d.Outcome == Fire {
			r.report.Triggers++
		}
	}
	return events, nil
}

// browsers are the shoppers who may have left without a cart.
type browsers struct {
	surroundings surroundings
	facts        []Facts
	active       activeFlows
	filled       map[sessions.VisitorID]bool // they have an open cart
	enrolled     map[sessions.SessionID]bool // sessions that went into a flow before
}

// left reports whether a session is the last that was seen of its shopper, and nothing
// came of it.
func (b browsers) left(c Cart, f Facts) bool {
	session := sessions.SessionID(-c.ID)
	return !b.enrolled[session] && !b.filled[c.Visitor] && f.Order == "" && b.surroundings.visits[c.Visitor].Session == session &&
		f.Seen <= c.LastActivity
}

func (r *run) browsers(carts []Cart) (b browsers, err error) {
	if b.surroundings.visits, err = sessions.NewestVisits(r.tx, visitorList(carts)); err != nil {
		return b, err
	}
	if b.surroundings.products, err = r.rules.catalog(r.tx, productsOf(carts)); err != nil {
		return b, err
	}
	if b.facts, err = r.facts(carts); err != nil {
		return b, err
	}
	if b.active, err = r.activeOf(carts); err != nil {
		return b, err
	}
	if b.filled, err = filled(r.tx, visitorList(carts)); err != nil {
		return b, err
	}
	b.enrolled = map[sessions.SessionID]bool{}
	return b, database.Each(carts, func(part []Cart) error {
		ids := make([]int64, len(part))
		for i, c := range part {
			ids[i] = -int64(c.ID)
		}
		list, err := enrolments(r.tx.Where("cart = 0 AND session IN ?", ids))
		for _, e := range list {
			b.enrolled[e.Session] = true
		}
		return err
	})
}

// filled returns those visitors who have an open cart.
func filled(tx *gorm.DB, visitors []sessions.VisitorID) (map[sessions.VisitorID]bool, error) {
	with := map[sessions.VisitorID]bool{}
	err := database.Each(visitors, func(part []sessions.VisitorID) error {
		var ids []int64
		if err := tx.Table("carts").Where("visitor_id IN ? AND status = 'open'", part).Pluck("visitor_id", &ids).Error; err != nil {
			return fmt.Errorf("look for visitors' open carts: %w", err)
		}
		for _, id := range ids {
			with[sessions.VisitorID(id)] = true
		}
		return nil
	})
	return with, err
}

// browseFlow returns the first browse flow of a wait that takes what a session looked at.
func (r *run) browseFlow(wait time.Duration, c Cart, s surroundings) (flow.Flow, bool) {
	for _, f := range r.plan {
		if f.Kind == flow.Browse && f.Wait == wait && (f.Conditions.Empty() || f.Conditions.Take(s.of(c))) {
			return f, true
		}
	}
	return flow.Flow{}, false
}

// cartOfVisit returns a session as a cart that holds what was looked at, see
// [run.subjects].
func cartOfVisit(v sessions.Visit) Cart {
	c := Cart{
		ID: -ID(v.Session), Visitor: v.Visitor, Status: Open, Began: v.Started, LastActivity: v.Last, LastSeq: v.LastSeq,
		Live: true, Episode: 1, EpisodeBegan: sessions.Seq(v.Session), EpisodeAt: v.Started,
	}
	if browser, is := strings.CutPrefix(v.Stream, sessions.BrowserStream); is {
		c.Browsers = []sessions.AnonymousID{sessions.AnonymousID(browser)}
	}
	for _, p := range v.Products {
		c.Lines = append(c.Lines, sessions.Line{Product: p, Quantity: 1})
	}
	return c
}

// browsed is what became of the sessions of enrolments.
type browsed struct {
	visits map[sessions.SessionID]sessions.Visit
	filled map[sessions.VisitorID]bool
}

// browsed loads the sessions of those enrolments that are about one.
func (r *run) browsed(due []Enrolment) (b browsed, err error) {
	var ids []sessions.SessionID
	var visitors []sessions.VisitorID
	for _, e := range due {
		if e.Cart == 0 {
			ids, visitors = append(ids, e.Session), append(visitors, e.Visitor)
		}
	}
	if b.visits, err = sessions.Visits(r.tx, ids); err != nil {
		return b, err
	}
	b.filled, err = filled(r.tx, visitors)
	return b, err
}

// cart returns the session of an enrolment as a cart, and why it is no subject any more.
func (b browsed) cart(e Enrolment) (Cart, Reason) {
	v, known := b.visits[e.Session]
	v.Visitor = e.Visitor
	switch {
	case !known:
		return Cart{Visitor: e.Visitor}, CartClosed
	case b.filled[e.Visitor]:
		return cartOfVisit(v), HasCart
	}
	return cartOfVisit(v), ""
}

// subjectOfTrigger returns the cart that a trigger is about, or the session as one.
func subjectOfTrigger(tx *gorm.DB, t Trigger) (Cart, error) {
	if t.Session == 0 {
		return one(tx.Where("id = ?", int64(t.Cart)), fmt.Sprintf("cart %d", t.Cart))
	}
	e, err := enrolmentOfTrigger(tx, t)
	if err != nil {
		return Cart{}, err
	}
	visits, err := sessions.Visits(tx, []sessions.SessionID{t.Session})
	v, known := visits[t.Session]
	if err == nil && !known {
		err = fmt.Errorf("session %d: %w", t.Session, sessions.ErrNotFound)
	}
	v.Visitor = e.Visitor
	return cartOfVisit(v), err
}
