package cart

import (
	"fmt"
	"time"

	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// surroundings are what conditions ask of carts besides what they hold.
type surroundings struct {
	written  sessions.Seq // up to which sessions are written, where conditions ask for them; else the end of the log
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
	s.written = r.head.Seq
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
	visits map[sessions.VisitorID]sessions.Visit
	zones  map[string]*time.Location // by name, nil where there is none of it
}

// loadPersons reads what is known of the shoppers of carts. Where a trigger is being
// told, of the other messages only those count that were decided before it, or that
// arrived: of two that wait for one another the earlier goes out.
func (r *run) loadPersons(carts []Cart) (p persons, err error) {
	p = persons{sent: map[sessions.VisitorID]sessions.Millis{}, zones: map[string]*time.Location{}}
	visitors := visitorList(carts)
	if p.visits, err = sessions.NewestVisits(r.tx, visitors); err != nil {
		return p, err
	}
	return p, database.Each(visitors, func(part []sessions.VisitorID) error {
		return r.loadSent(p, part)
	})
}

// lastOf is when something was last so of a visitor.
type lastOf struct{ VisitorID, At int64 }

// loadSent reads when visitors were last written to: when it was decided, or when the
// message arrived, if that was later.
func (r *run) loadSent(p persons, visitors []sessions.VisitorID) error {
	decided := r.tx.Where("visitor_id IN ? AND last_sent_at > 0", visitors)
	const told = `SELECT enrolments.visitor_id AS visitor_id, MAX(endings.at) AS at FROM enrolments
		JOIN triggers ON triggers.cart = enrolments.cart AND triggers.session = enrolments.session AND triggers.episode = enrolments.episode
			AND triggers.flow = enrolments.flow AND triggers.kind = ? AND triggers.id <> ?
		JOIN endings ON endings.trigger_id = triggers.id AND endings.outcome = ?
		WHERE enrolments.visitor_id IN ? AND enrolments.last_sent_at > 0 GROUP BY enrolments.visitor_id`
	telling := ""
	if t := r.telling; t != nil {
		telling = t.ID
		decided = decided.Where("last_sent_at <= ? AND NOT (cart = ? AND session = ?)", int64(t.At), int64(t.Cart), int64(t.Session))
	}
	list, err := enrolments(decided)
	if err != nil {
		return err
	}
	for _, e := range list {
		if t := r.telling; t == nil || e.LastSent < t.At || e.Cart < t.Cart {
			p.wrote(e.Visitor, e.LastSent)
		}
	}
	var arrived []lastOf
	if err := r.tx.Raw(told, string(StepDue), telling, mailArrived, visitors).Scan(&arrived).Error; err != nil {
		return fmt.Errorf("load when visitors were last written to: %w", err)
	}
	for _, a := range arrived {
		p.wrote(sessions.VisitorID(a.VisitorID), sessions.Millis(a.At))
	}
	return nil
}

// wrote takes down that a visitor was written to at a time. Nobody known is not one person.
func (p persons) wrote(v sessions.VisitorID, at sessions.Millis) {
	if v != 0 {
		p.sent[v] = max(p.sent[v], at)
	}
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
