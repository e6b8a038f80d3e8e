package sessions

import (
	"slices"

	"gorm.io/gorm"
)

// resolve decides whose event e is: it sets Visitor, Joined and Renamed. The rules:
//
//   - A customer id is strong: two different ones never become one visitor,
//     except by an alias from the backend.
//   - An anonymous id belongs to one visitor at a time. The first customer id
//     takes its past; a second one starts a new visitor from that event on, as on
//     a family's tablet.
//   - Emails link, but never join two customer ids.
//   - Of visitors that become one, the lowest id survives.
func (en *enrolment) resolve(e *Event) {
	anonymous := en.owner(kindAnonymous, string(e.Anonymous))
	customer := en.owner(kindCustomer, string(e.Customer))
	email := en.owner(kindEmail, string(e.Email))

	free := func(v VisitorID) bool { return v != 0 && en.customer(v) == "" }
	v := VisitorID(e.Seq) // a new one, unless somebody is known
	switch {
	case customer != 0:
		v = customer
	case e.Customer == "" && anonymous != 0:
		v = anonymous
	case free(anonymous):
		v = anonymous
	case free(email), e.Customer == "" && email != 0:
		v = email
	}
	e.Visitor = v
	if e.Customer == "" || free(anonymous) {
		en.join(e, anonymous)
	}
	if free(email) || en.customer(e.Visitor) == "" && e.Customer == "" {
		en.join(e, email)
	}
	if e.Kind == Alias {
		en.alias(e, free)
	}
}

// alias joins the visitor of the previous id. Only the backend may say that two
// customer ids are one person, and to it a customer comes before an anonymous id of
// the same text, which any browser may take.
func (en *enrolment) alias(e *Event, free func(VisitorID) bool) {
	var previous VisitorID
	if e.Source != Browser {
		previous = en.owner(kindCustomer, e.Previous)
		e.Renamed = previous != 0
	}
	if previous == 0 {
		previous = en.owner(kindAnonymous, e.Previous)
	}
	if free(previous) || e.Source != Browser {
		en.join(e, previous)
	}
}

// join makes other and e's visitor one, the lower of them.
func (en *enrolment) join(e *Event, other VisitorID) {
	if other == 0 || other == e.Visitor || slices.Contains(e.Joined, other) {
		return
	}
	moved := max(other, e.Visitor)
	e.Visitor = min(other, e.Visitor)
	if moved != VisitorID(e.Seq) { // else it never came to be
		e.Joined = append(e.Joined, moved)
	}
}

// apply writes down what e, whose visitor is resolved, says of identities. It
// is the same at append and in a replay.
func (en *enrolment) apply(e *Event) {
	v := e.Visitor
	if v == 0 || nameless(e) {
		return
	}
	row, known := en.visitors[v]
	if !known {
		row = visitorRow{ID: int64(v), CreatedAt: int64(e.Occurred)}
	}
	for _, moved := range e.Joined {
		m := en.visitors[moved]
		m.MergedInto = int64(v)
		en.visitors[moved], en.changedVisitors[moved] = m, true
		en.joins = append(en.joins, [2]VisitorID{moved, v})
		if row.CustomerID == "" {
			row.CustomerID, known = m.CustomerID, false
		}
	}
	if e.Customer != "" && row.CustomerID == "" {
		row.CustomerID, known = string(e.Customer), false
	}
	en.visitors[v] = row
	if !known {
		en.changedVisitors[v] = true
	}
	en.take(e)
}

// take gives the identifiers of e to its visitor. An email that somebody else
// has stays there: it would have been joined if it could.
func (en *enrolment) take(e *Event) {
	var room [5]identity
	for _, id := range identitiesOf(room[:], e) {
		owner := en.root(en.owners[id])
		switch {
		case owner == e.Visitor,
			owner != 0 && id.kind == kindEmail,
			owner == 0 && e.Kind == Alias && id == identity{kindCustomer, e.Previous} && id.value != string(e.Customer),
			owner != 0 && e.Kind == Alias && id.value == e.Previous,
			owner == 0 && id.kind == kindAnonymous && en.wasCustomer(e, id.value):
			continue
		}
		en.owners[id] = e.Visitor
		en.changedOwners[id] = true
	}
}

// wasCustomer reports whether value is the previous id of an alias and known to
// be a customer's: then it is no anonymous id.
func (en *enrolment) wasCustomer(e *Event, value string) bool {
	return e.Kind == Alias && e.Source != Browser && value == e.Previous &&
		value != string(e.Anonymous) && en.owners[identity{kindCustomer, value}] != 0
}

// visitorsProjection rebuilds visitors and identities from the decisions that
// stand in the events.
type visitorsProjection struct{ directory *directory }

func (visitorsProjection) Tables() []Table {
	return []Table{{"visitors", "id"}, {"identities", "kind,value"}}
}

func (p visitorsProjection) Apply(tx *gorm.DB, events []*Event) error {
	en, err := p.directory.enrol(tx, events)
	if err != nil {
		return err
	}
	for _, e := range events {
		en.apply(e)
	}
	if err := en.save(tx); err != nil {
		return err
	}
	p.directory.remember(en)
	return nil
}
