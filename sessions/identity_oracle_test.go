package sessions

import (
	"fmt"
	"slices"
	"testing"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

// people is a naive register of who is who: every visitor has a list of names, and to join two is to
// move the names over. It shares nothing with the product but the rules.
type people struct {
	of        map[string]int64 // a name, as "kind value", to its visitor
	customers map[int64][]string
	became    map[int64]int64
}

func newPeople() *people {
	return &people{of: map[string]int64{}, customers: map[int64][]string{}, became: map[int64]int64{}}
}

// join moves all of one visitor to another, the lower, and returns that.
func (p *people) join(a, b int64) int64 {
	if a == 0 || b == 0 || a == b {
		return max(a, b)
	}
	low, high := min(a, b), max(a, b)
	for name, v := range p.of {
		if v == high {
			p.of[name] = low
		}
	}
	for v, into := range p.became {
		if into == high {
			p.became[v] = low
		}
	}
	p.became[high] = low
	p.customers[low] = append(p.customers[low], p.customers[high]...)
	return low
}

func (p *people) nobodys(v int64) bool { return v != 0 && len(p.customers[v]) == 0 }

// see returns the visitor of an event that names at most one of each kind.
func (p *people) see(event *Event) int64 {
	seq, anonymous, customer, email := int64(event.Seq), string(event.Anonymous), string(event.Customer), string(event.Email)
	a, c, e := p.of["anonymous "+anonymous], p.of["customer "+customer], p.of["email "+email]
	v := c
	if customer == "" {
		v = a
	}
	// A login takes the past of its browser and its address unless they are another customer's.
	if customer != "" && p.nobodys(a) {
		v = p.join(v, a)
	}
	if e = p.current(e); p.nobodys(e) || customer == "" && e != 0 && (v == 0 || p.nobodys(v)) {
		v = p.join(v, e)
	}
	if v == 0 {
		v = seq
	}
	if customer != "" && !slices.Contains(p.customers[v], customer) {
		p.customers[v] = append(p.customers[v], customer)
	}
	if event.Kind == Alias {
		v = p.alias(event, v)
	}
	if event.Kind != Alias || anonymous != event.Previous || p.of["anonymous "+anonymous] == 0 {
		p.name("anonymous", anonymous, v)
	}
	p.name("customer", customer, v)
	if p.of["email "+email] == 0 {
		p.name("email", email, v)
	}
	return v
}

// alias joins the visitor of an event with whoever had its previous id, and returns that. The backend
// means the customer of that id, if there is one. What nobody had becomes an anonymous id.
func (p *people) alias(event *Event, v int64) int64 {
	backend := event.Source != Browser
	customer, anonymous := p.of["customer "+event.Previous], p.of["anonymous "+event.Previous]
	other := anonymous
	if backend && customer != 0 {
		other = customer
	}
	if backend || p.nobodys(p.current(other)) {
		v = p.join(v, p.current(other))
	}
	if anonymous == 0 && (!backend || customer == 0 && event.Previous != string(event.Customer)) {
		p.name("anonymous", event.Previous, v)
	}
	return v
}

func (p *people) current(v int64) int64 {
	if into, moved := p.became[v]; moved {
		return into
	}
	return v
}

func (p *people) name(kind, value string, v int64) {
	if value != "" {
		p.of[kind+" "+value] = v
	}
}

// drawLog draws events of a few people.
func drawLog(t *rapid.T) []*Event {
	some := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	events := make([]*Event, rapid.IntRange(1, 40).Draw(t, "events"))
	for i := range events {
		e := &Event{Kind: Page, Source: Source(some("source", "browser", "backend")), Received: Epoch}
		e.Anonymous = AnonymousID(some("anonymous", "", "1", "2", "3", "4", "5", "ann"))
		e.Customer = CustomerID(some("customer", "", "", "", "ann", "bob", "eve"))
		e.Email = Email(some("email", "", "", "", "m@x", "n@x"))
		if some("alias", "no", "no", "yes") == "yes" {
			e.Kind, e.Previous = Alias, some("previous", "1", "2", "ann", "bob")
		}
		events[i] = e
	}
	return events
}

func TestVisitorsAgreeWithANaiveRegister(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		rapid.Check(t, func(r *rapid.T) {
			Wipe(t, db)
			log := OpenTestLog(t, db, LogOptions{})
			defer log.Close()
			model := newPeople()
			events := drawLog(r)
			appendInCuts(t, r, log, events)
			for _, e := range events {
				want := int64(0)
				if e.Anonymous != "" || e.Customer != "" || e.Email != "" || e.Kind == Alias {
					want = model.see(e)
				}
				if int64(e.Visitor) != want {
					r.Fatalf("event %d is of visitor %d, naively %d\n%s", e.Seq, e.Visitor, want, Described(events))
				}
			}
			if got, want := storedNames(t, db), fmt.Sprint(model.of); got != want {
				r.Fatalf("stored   %s\nnaively  %s\n%s", got, want, Described(events))
			}
			checkCustomersApart(r, events)
		})
	})
}

func appendInCuts(t *testing.T, r *rapid.T, log *Log, events []*Event) {
	for len(events) > 0 {
		n := rapid.IntRange(1, len(events)).Draw(r, "batch")
		AppendAll(t, log, events[:n]...)
		events = events[n:]
	}
}

// storedNames returns the identities with the living visitors they belong to, printed as a map.
func storedNames(t *testing.T, db *database.DB) string {
	t.Helper()
	var rows []identityRow
	tx := db.Read(t.Context())
	if err := tx.Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	names := map[string]int64{}
	for _, r := range rows {
		root, err := Root(tx, VisitorID(r.VisitorID))
		if err != nil {
			t.Fatal(err)
		}
		names[r.Kind+" "+r.Value] = int64(root)
	}
	return fmt.Sprint(names)
}

// checkCustomersApart fails if two customer ids became one visitor without an alias from the backend.
func checkCustomersApart(t *rapid.T, events []*Event) {
	became := map[VisitorID]VisitorID{}
	for _, e := range events {
		if e.Kind == Alias && e.Source != Browser {
			return
		}
		for _, moved := range e.Joined {
			became[moved] = e.Visitor
		}
	}
	owner := map[VisitorID]CustomerID{}
	for _, e := range events {
		v := e.Visitor
		for became[v] != 0 {
			v = became[v]
		}
		if e.Customer == "" {
			continue
		}
		if owner[v] != "" && owner[v] != e.Customer {
			t.Fatalf("visitor %d is both %s and %s\n%s", v, owner[v], e.Customer, Described(events))
		}
		owner[v] = e.Customer
	}
}

func TestReplayedVisitorsAreTheSame(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		rapid.Check(t, func(r *rapid.T) {
			Wipe(t, db)
			log := OpenTestLog(t, db, LogOptions{})
			defer log.Close()
			events := drawLog(r)
			appendInCuts(t, r, log, events)
			checkCustomersApart(r, events)
			appended := visitorRows(t, db)
			err := db.Write(t.Context(), func(tx *gorm.DB) error { return dropProjections(tx, projectionsWith(nil)) })
			if err != nil {
				t.Fatal(err)
			}
			p := visitorsProjection{newDirectory()}
			for rest := events; len(rest) > 0; {
				n := rapid.IntRange(1, len(rest)).Draw(r, "replayed")
				if err := db.Write(t.Context(), func(tx *gorm.DB) error { return p.Apply(tx, rest[:n]) }); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if replayed := visitorRows(t, db); replayed != appended {
				r.Fatalf("appended\n%s\nreplayed\n%s\n%s", appended, replayed, Described(events))
			}
		})
	})
}

func visitorRows(t *testing.T, db *database.DB) string {
	t.Helper()
	return testdb.Rows(t, db, "SELECT id, merged_into, customer_id, created_at FROM visitors ORDER BY id") +
		testdb.Rows(t, db, "SELECT kind, value, visitor_id FROM identities ORDER BY kind, value")
}
