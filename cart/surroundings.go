package cart

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// surroundings are what conditions ask of carts besides what they hold.
type surroundings struct {
	written  sessions.Seq // up to which sessions are written, where conditions ask for them; else without end
	visits   map[sessions.VisitorID]sessions.Visit
	products map[sessions.ProductID]sessions.Product
}

// surroundings loads what the conditions of the plan ask of carts, nothing where they
// ask nothing.
func (r *run) surroundings(carts []Cart) (s surroundings, err error) {
	visits, products := false, false
	for _, f := range r.plan {
		c := f.Conditions
		visits = visits || c.Visitors != "" || len(c.Countries)+len(c.Devices)+len(c.Channels) > 0
		products = products || len(c.Categories) > 0
	}
	s.written = math.MaxInt64
	if visits {
		if s.written, err = sessions.Written(r.tx); err != nil {
			return s, err
		}
		if s.visits, err = sessions.NewestVisits(r.tx, visitorList(carts)); err != nil {
			return s, err
		}
	}
	if products {
		s.products, err = r.rules.catalog(r.tx, productsOf(carts))
	}
	return s, err
}

// of returns a cart as conditions see it.
func (s surroundings) of(c Cart) flow.Subject {
	visit := s.visits[c.Visitor]
	subject := flow.Subject{
		Value: c.Value, Currency: c.Currency, Country: visit.Country, Device: visit.Device, Visits: visit.Sessions,
	}
	if visit.Entry != nil {
		subject.Channel = visit.Entry.Channel
	}
	for _, l := range c.Lines {
		subject.Products = append(subject.Products, l.Product)
		if p, known := s.products[l.Product]; known && p.Category != "" {
			subject.Categories = append(subject.Categories, p.Category)
		}
	}
	return subject
}

func visitorList(carts []Cart) []sessions.VisitorID {
	numbers := numbers(visitorsOf(carts))
	visitors := make([]sessions.VisitorID, len(numbers))
	for i, n := range numbers {
		visitors[i] = sessions.VisitorID(n)
	}
	return visitors
}

func productsOf(carts []Cart) []sessions.ProductID {
	set := map[sessions.ProductID]bool{}
	for _, c := range carts {
		for _, l := range c.Lines {
			set[l.Product] = true
		}
	}
	var ids []sessions.ProductID
	for _, id := range texts(set) {
		ids = append(ids, sessions.ProductID(id))
	}
	return ids
}

// soldOut reports whether nothing that a cart holds can be bought: the catalog says so
// of every line. What the catalog does not know can.
func soldOut(c Cart, products map[sessions.ProductID]sessions.Product) bool {
	for _, l := range c.Lines {
		p, known := products[l.Product]
		if !known || !p.Hidden && (p.InStock == nil || *p.InStock) {
			return false
		}
	}
	return len(c.Lines) > 0
}

// activeFlows are the enrolments under way of some shoppers.
type activeFlows struct {
	plan flow.Plan
	of   map[sessions.VisitorID][]Enrolment
}

// activeOf loads the enrolments under way of carts' shoppers: those with a step to
// come whose subject is still one. Where no flow has steps there is none.
func (r *run) activeOf(carts []Cart) (activeFlows, error) {
	a := activeFlows{r.plan, map[sessions.VisitorID][]Enrolment{}}
	steps := false
	for _, f := range r.plan {
		steps = steps || len(f.Steps) > 0
	}
	if !steps {
		return a, nil
	}
	err := database.Each(visitorList(carts), func(part []sessions.VisitorID) error {
		list, err := enrolments(r.tx.Where("visitor_id IN ? AND next_at > 0", part).Order("seq").
			Where("cart = 0 OR EXISTS (SELECT 1 FROM carts WHERE carts.id = enrolments.cart AND carts.status = 'open' AND carts.episode = enrolments.episode)"))
		for _, e := range list {
			a.of[e.Visitor] = append(a.of[e.Visitor], e)
		}
		return err
	})
	return a, err
}

// entered takes down what was just decided, for those that follow on the same page.
func (a activeFlows) entered(d Decision) {
	if !d.enrols() || d.Visitor == 0 {
		return
	}
	if a.of[d.Visitor] = nil; d.NextAt != 0 { // what it superseded is over
		a.of[d.Visitor] = []Enrolment{enrolmentOf(d)}
	}
}

// persons are what is known of the shoppers of some carts.
type persons struct {
	sent   map[sessions.VisitorID]sessions.Millis // when they were last written to
	carts  map[ID]sessions.Millis                 // the same of carts of nobody known: they are not one person
	visits map[sessions.VisitorID]sessions.Visit
	zones  map[string]*time.Location // by name, nil where there is none of it
}

// loadPersons reads what is known of the shoppers of carts. Where a trigger is being
// told, of the other messages only those count that were decided before it, or that
// arrived: of two that wait for one another the earlier goes out.
func (r *run) loadPersons(carts []Cart) (p persons, err error) {
	p = persons{sent: map[sessions.VisitorID]sessions.Millis{}, carts: map[ID]sessions.Millis{}, zones: map[string]*time.Location{}}
	visitors := visitorList(carts)
	if p.visits, err = sessions.NewestVisits(r.tx, visitors); err != nil {
		return p, err
	}
	err = database.Each(visitors, func(part []sessions.VisitorID) error { return loadSent(r, p, "enrolments.visitor_id IN ?", part) })
	if err != nil {
		return p, err
	}
	var nobodys []int64
	for _, c := range carts {
		if c.Visitor == 0 {
			nobodys = append(nobodys, int64(c.ID))
		}
	}
	return p, database.Each(nobodys, func(part []int64) error {
		return loadSent(r, p, "enrolments.visitor_id = 0 AND enrolments.session = 0 AND enrolments.cart IN ?", part)
	})
}

// loadSent reads when shoppers were last written to about some enrolments: when it was
// decided, or when the message arrived, if that was later.
func loadSent[K any](r *run, p persons, of string, keys []K) error {
	decided := r.tx.Where(of+" AND last_sent_at > 0", keys)
	if t := r.telling; t != nil {
		decided = decided.Where("last_sent_at <= ? AND NOT (cart = ? AND session = ?)", int64(t.At), int64(t.Cart), int64(t.Session))
	}
	list, err := enrolments(decided)
	if err != nil {
		return err
	}
	for _, e := range list {
		if t := r.telling; t == nil || e.LastSent < t.At || cmp.Or(cmp.Compare(e.Cart, t.Cart), cmp.Compare(e.Session, t.Session)) < 0 {
			p.wrote(e, e.LastSent)
		}
	}
	return loadArrived(r, p, of, keys)
}

// loadArrived reads when steps about some enrolments last arrived, or may have, apart
// from what is being told.
func loadArrived[K any](r *run, p persons, of string, keys []K) error {
	telling := ""
	if r.telling != nil {
		telling = r.telling.ID
	}
	var arrived []struct{ VisitorID, Cart, At int64 }
	err := r.tx.Raw(`SELECT enrolments.visitor_id, enrolments.cart, MAX(endings.at) AS at FROM enrolments
		JOIN triggers ON triggers.cart = enrolments.cart AND triggers.session = enrolments.session AND triggers.episode = enrolments.episode
			AND triggers.flow = enrolments.flow AND triggers.kind = ? AND triggers.id <> ?
		JOIN endings ON endings.trigger_id = triggers.id AND endings.outcome IN ?
		WHERE `+of+` AND enrolments.last_sent_at > 0 GROUP BY enrolments.visitor_id, enrolments.cart`,
		string(StepDue), telling, arrivals(), keys).Scan(&arrived).Error
	if err != nil {
		return fmt.Errorf("load when messages to shoppers arrived: %w", err)
	}
	for _, a := range arrived {
		p.wrote(Enrolment{Visitor: sessions.VisitorID(a.VisitorID), Cart: ID(a.Cart)}, sessions.Millis(a.At))
	}
	return nil
}

// arrivals are the outcomes of messages that arrived, or of which nobody knows.
func arrivals() []string { return []string{mailArrived, mailUnknown} }

// wrote takes down that an enrolment's shopper was written to at a time.
func (p persons) wrote(e Enrolment, at sessions.Millis) {
	if e.Visitor != 0 {
		p.sent[e.Visitor] = max(p.sent[e.Visitor], at)
	} else {
		p.carts[e.Cart] = max(p.carts[e.Cart], at)
	}
}

// lastSent returns when a cart's shopper was last written to, 0 for never.
func (p persons) lastSent(c Cart) sessions.Millis {
	if c.Visitor != 0 {
		return p.sent[c.Visitor]
	}
	return p.carts[c.ID]
}

// zone returns by whose clock a visitor's day goes.
func (p persons) zone(v sessions.VisitorID, shop *time.Location) *time.Location {
	name := p.visits[v].Zone
	if name == "" {
		return shop
	}
	zone, known := p.zones[name]
	if !known {
		zone, _ = time.LoadLocation(name) // nil where there is none of this name
		p.zones[name] = zone
	}
	if zone == nil {
		return shop
	}
	return zone
}
