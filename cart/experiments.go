package cart

import (
	"maps"
	"slices"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// ReadEnrolments returns who entered flows between two times, in the order of
// their entering.
func ReadEnrolments(tx *gorm.DB, from, to sessions.Millis) ([]Enrolment, error) {
	return enrolments(tx.Where("entered_at >= ? AND entered_at < ?", int64(from), int64(to)).Order("entered_at, seq, cart, session, episode"))
}

// experiments compares, for each flow that somebody entered in a period and for
// all of several, those who were to get messages with those who were held out.
func (r *Reports) experiments(tx *gorm.DB, p period) ([]Experiment, error) {
	if r.o.Enrolments == nil {
		return nil, nil
	}
	enrolments, err := r.o.Enrolments(tx, p.from, p.to)
	if err != nil {
		return nil, err
	}
	sales, err := r.salesOf(tx, enrolments, p)
	if err != nil {
		return nil, err
	}
	byFlow := map[string][]Enrolment{}
	for _, e := range enrolments {
		byFlow[e.Flow] = append(byFlow[e.Flow], e)
	}
	experiments := []Experiment{}
	if len(byFlow) > 1 {
		experiments = append(experiments, r.experiment("", enrolments, sales))
	}
	for _, flow := range slices.Sorted(maps.Keys(byFlow)) {
		experiments = append(experiments, r.experiment(flow, byFlow[flow], sales))
	}
	return experiments, nil
}

// salesOf returns the confirmed sales to the people of enrolments, whose visitors
// it makes the living ones.
func (r *Reports) salesOf(tx *gorm.DB, enrolments []Enrolment, p period) ([]Sale, error) {
	visitors, carts := map[sessions.VisitorID]bool{}, map[ID]bool{}
	for _, e := range enrolments {
		visitors[e.Visitor], carts[e.Cart] = true, true
	}
	roots, err := rootsOf(tx, visitors)
	if err != nil {
		return nil, err
	}
	living := map[sessions.VisitorID]bool{}
	for i, e := range enrolments {
		enrolments[i].Visitor = roots[e.Visitor]
		living[roots[e.Visitor]] = true
	}
	delete(living, 0)
	delete(carts, 0)
	sales, err := loadSales(tx, numbers(living), numbers(carts), period{p.from, p.to.Add(r.o.Window) + 1})
	return confirmed(sales), err
}

// experiment compares the two groups of some enrolments.
func (r *Reports) experiment(flow string, enrolments []Enrolment, sales []Sale) Experiment {
	trials := enter(enrolments)
	observe(trials, sales, r.o.Window)
	e := Experiment{Flow: flow, Revenue: []Means{}}
	now := sessions.MillisOf(r.o.Now())
	currencies := map[string]bool{}
	people := make([]Person, len(trials))
	for i, t := range trials {
		people[i] = t.person("")
		if t.Entered.Add(r.o.Window) > now {
			e.Open++
		}
		for _, m := range t.orders {
			currencies[m.Currency] = true
		}
	}
	e.Shares = CompareShares(people)
	for _, currency := range slices.Sorted(maps.Keys(currencies)) {
		for i, t := range trials {
			people[i] = t.person(currency)
		}
		e.Revenue = append(e.Revenue, CompareMeans(currency, people))
	}
	return e
}
