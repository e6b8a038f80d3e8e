package cart

import (
	"fmt"
	"slices"

	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// steps decides on one page of the steps that are due, and returns the decisions as
// events to be appended.
func (r *run) steps() ([]*sessions.Event, error) {
	if r.enabled == 0 || !r.options.Deliver {
		return nil, nil
	}
	due, err := enrolments(r.tx.Where("next_at > 0 AND next_at <= ?", int64(r.now)).Order("next_at, cart, session").Limit(cartsPerDecision))
	if err != nil || len(due) == 0 {
		return nil, err
	}
	r.more = len(due) == cartsPerDecision
	r.report.Steps += len(due)
	s, err := r.situations(due)
	if err != nil {
		return nil, err
	}
	mailed := r.mailed(due, s)
	if s.to, err = LoadAddressees(r.tx, mailed, r.now, r.rules.Mail); err != nil {
		return nil, err
	}
	if err := s.orderedAt(r, mailed); err != nil {
		return nil, err
	}
	var events []*sessions.Event
	for i, e := range due {
		for _, d := range r.step(e, s.of(i)) {
			event, err := r.made(d)
			if err != nil {
				return nil, err
			}
			events = append(events, event)
			if d.Outcome == Fire {
				r.report.Triggers++
				s.persons.wrote(e, r.now) // for those that follow on this page
			}
		}
	}
	return events, nil
}

// mailed returns the subjects of those enrolments whose steps would go out by mail now, if
// the addressee may be mailed: no others are to take a share of the limits.
func (r *run) mailed(due []Enrolment, s situations) (carts []Cart) {
	for i, e := range due {
		for _, d := range r.step(e, s.of(i)) {
			if d.Outcome == Fire && slices.Contains(d.Channels, Email) {
				carts = append(carts, s.facts[i].Cart)
			}
		}
	}
	return carts
}

// step returns the decisions on the steps of an enrolment that are due: on the latest
// that can be told what becomes of it, on the others that they are skipped, unless the
// sequence ends anyway.
func (r *run) step(e Enrolment, s Situation) []Decision {
	d := Decision{
		Cart: e.Cart, Name: s.Cart.Name, Session: e.Session, Episode: e.Episode, Flow: e.Flow, Kind: e.Kind, Step: e.NextStep,
		AbandonedAt: e.Abandoned, Visitor: e.Visitor,
	}
	f, configured := r.plan.Named(e.Flow)
	latest, is := dueStep(f, e.NextStep, e.Abandoned, r.now)
	if !configured || !is {
		d.Outcome, d.Reason = Suppress, FlowRemoved
		return []Decision{d}
	}
	chosen := latest
	ruling := RuleStep(f, f.Steps[latest-1], s, r.now)
	for n := latest - 1; ruling.Outcome == Skip && n >= e.NextStep; n-- { // one that can be told is better than none
		if earlier := RuleStep(f, f.Steps[n-1], s, r.now); earlier.Outcome != Skip {
			chosen, ruling = n, earlier
		}
	}
	d.Outcome, d.Reason, d.Order = ruling.Outcome, ruling.Reason, s.Order
	if ruling.Outcome == Suppress || ruling.Outcome == Expire {
		return []Decision{d}
	}
	var decisions []Decision
	skip := func(n int64, why Reason) {
		skipped := d
		skipped.Step, skipped.Outcome, skipped.Reason = n, Skip, why
		if at, more := f.DueAt(n+1, e.Abandoned); more {
			skipped.NextStep, skipped.NextAt = n+1, at
		}
		decisions = append(decisions, skipped)
	}
	for n := e.NextStep; n < chosen; n++ {
		skip(n, Overdue)
	}
	decisions = append(decisions, ruled(d, f, chosen, ruling, s.To))
	for n := chosen + 1; ruling.Outcome == Fire && n <= latest; n++ {
		skip(n, RuleStep(f, f.Steps[n-1], s, r.now).Reason)
	}
	return decisions
}

// ruled returns the decision that a ruling on a step is: what comes next, and how it is
// told.
func ruled(d Decision, f flow.Flow, step int64, ruling Ruling, to Addressee) Decision {
	d.Step = step
	if ruling.Outcome == Hold {
		d.NextStep, d.NextAt = step, ruling.Until
	} else if at, more := f.DueAt(step+1, d.AbandonedAt); more {
		d.NextStep, d.NextAt = step+1, at
	}
	if ruling.Outcome == Fire {
		d.Channels, d.Refusal, d.Coupon = ruling.Channels, ruling.Refusal, f.Steps[step-1].Coupon
		if slices.Contains(d.Channels, Email) {
			d.AddressHash, d.Network = to.Hash, to.Network
		}
	}
	return d
}

// situations are what the decisions on steps rest on.
type situations struct {
	rules    Rules
	facts    []Facts // in the order of the enrolments
	closed   []Reason
	persons  persons
	products map[sessions.ProductID]sessions.Product
	to       map[ID]Addressee // of those that are to be mailed
}

// situations loads what the decisions on the steps of enrolments rest on. Cost: about
// fifteen queries for 500, all by index.
func (r *run) situations(due []Enrolment) (s situations, err error) {
	s.rules = r.rules
	carts, closed, err := r.subjects(due)
	if err != nil {
		return s, err
	}
	s.closed = closed
	if s.facts, err = r.facts(carts); err != nil {
		return s, err
	}
	if s.persons, err = r.loadPersons(carts); err != nil {
		return s, err
	}
	s.products, err = r.rules.catalog(r.tx, productsOf(carts))
	return s, err
}

// of returns the situation of the i-th enrolment.
func (s situations) of(i int) Situation {
	facts := s.facts[i]
	v := facts.Cart.Visitor
	return Situation{
		Facts: facts, Closed: s.closed[i], LastSent: s.persons.lastSent(facts.Cart), Zone: s.persons.zone(v, s.rules.zone()),
		SoldOut: soldOut(facts.Cart, s.products), Mails: s.rules.Mails, To: s.to[facts.Cart.ID],
	}
}

// orderedAt lets orders stand against the carts to be mailed that were told with the
// very address a mail would go to: it need not be one of the cart's or its visitor's.
func (s *situations) orderedAt(r *run, mailed []Cart) error {
	if len(mailed) == 0 {
		return nil
	}
	addressed := make([]Cart, len(mailed))
	for i, c := range mailed {
		addressed[i] = c
		addressed[i].Email = s.to[c.ID].Email
	}
	orders, err := loadStanding(r.tx, addressed, r.cooling())
	if err != nil {
		return err
	}
	for _, c := range addressed {
		for i := range s.facts { // also where two episodes of a cart are on one page
			if s.facts[i].Cart.ID == c.ID {
				orders.weigh(&s.facts[i], c)
			}
		}
	}
	return nil
}

// subjects returns the carts that enrolments are about, and why they are none any
// more. A session stands as a cart that began with it and holds what was looked at: orders and
// activity since then count as they do for one. Its id is the session's below zero.
func (r *run) subjects(due []Enrolment) (carts []Cart, closed []Reason, err error) {
	var ids []int64
	for _, e := range due {
		if e.Cart != 0 {
			ids = append(ids, int64(e.Cart))
		}
	}
	known := map[ID]Cart{}
	err = database.Each(ids, func(part []int64) error {
		var rows []cartRow
		if err := r.tx.Where("id IN ?", part).Find(&rows).Error; err != nil {
			return fmt.Errorf("load the carts of enrolments: %w", err)
		}
		list, err := cartsOf(rows)
		for _, c := range list {
			known[c.ID] = c
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	browsed, err := r.browsed(due)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range due {
		c, why := known[e.Cart], Reason("")
		switch {
		case e.Cart == 0:
			c, why = browsed.cart(e)
		case c.Status != Open:
			why = CartClosed
		case c.Episode != e.Episode:
			why = CartChanged
		}
		carts, closed = append(carts, c), append(closed, why)
	}
	return carts, closed, nil
}
