package cart

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// surroundings are what conditions ask of carts besides what they hold.
type surroundings struct {
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
	if visits {
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
		Value: c.Value, Currency: c.Currency, Country: visit.Country, Device: visit.Device, Returning: visit.Sessions > 1,
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
	if d.enrols() && d.NextAt != 0 && d.Visitor != 0 {
		a.of[d.Visitor] = []Enrolment{enrolmentOf(d)} // what it superseded is over
	}
}

// persons are what is known of the shoppers of some carts.
type persons struct {
	ordered map[sessions.VisitorID]sessions.Millis // their newest order
	sent    map[sessions.VisitorID]sessions.Millis // when they were last written to
	visits  map[sessions.VisitorID]sessions.Visit
}

// loadPersons reads what is known of the shoppers of carts. What the enrolments of
// some subjects sent does not count.
func loadPersons(tx *gorm.DB, carts []Cart, without map[subject]bool) (p persons, err error) {
	p = persons{ordered: map[sessions.VisitorID]sessions.Millis{}, sent: map[sessions.VisitorID]sessions.Millis{}}
	visitors := visitorList(carts)
	if p.visits, err = sessions.NewestVisits(tx, visitors); err != nil {
		return p, err
	}
	return p, database.Each(visitors, func(part []sessions.VisitorID) error {
		var orders []struct{ VisitorID, At int64 }
		err := tx.Table("orders").Select("visitor_id, MAX(received_at) AS at").Where("visitor_id IN ? AND seq > 0 AND cancelled = 0", part).
			Group("visitor_id").Scan(&orders).Error
		if err != nil {
			return fmt.Errorf("load visitors' newest orders: %w", err)
		}
		for _, o := range orders {
			p.ordered[sessions.VisitorID(o.VisitorID)] = sessions.Millis(o.At)
		}
		list, err := enrolments(tx.Where("visitor_id IN ? AND last_sent_at > 0", part))
		for _, e := range list {
			if !without[e.subject()] {
				p.sent[e.Visitor] = max(p.sent[e.Visitor], e.LastSent)
			}
		}
		return err
	})
}

// zone returns by whose clock a visitor's day goes.
func (p persons) zone(v sessions.VisitorID, shop *time.Location) *time.Location {
	name := p.visits[v].Zone
	if name == "" {
		return shop
	}
	zone, err := time.LoadLocation(name)
	if err != nil { // there is none of this name here
		return shop
	}
	return zone
}
