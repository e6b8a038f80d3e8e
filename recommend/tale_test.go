package recommend

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"cartwright/sessions"
)

// began is when the tests' shoppers begin.
var began = sessions.MillisOf(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))

// A tale is a recommender that is told events one after another, a second apart,
// without a log behind it. A shopper is an anonymous id, and a visitor of its own.
type tale struct {
	t        testing.TB
	r        *Recommender
	at       sessions.Millis
	seq      sessions.Seq
	visitors map[sessions.AnonymousID]sessions.VisitorID
}

func newTale(t testing.TB) *tale {
	return &tale{t: t, r: NewRecommender(nil, Options{}), at: began, visitors: map[sessions.AnonymousID]sessions.VisitorID{}}
}

// event is an event about items.
func event(kind sessions.Kind, who string, items ...string) *sessions.Event {
	e := &sessions.Event{Kind: kind, Source: sessions.Browser}
	e.Anonymous = sessions.AnonymousID(who)
	for _, item := range items {
		e.Lines = append(e.Lines, sessions.Line{Product: sessions.ProductID(item), Quantity: 1})
	}
	return e
}

// happens tells events; what they leave open of time and visitor is filled in.
func (s *tale) happens(events ...*sessions.Event) *tale {
	s.t.Helper()
	for _, e := range events {
		s.seq++
		s.at += 1000
		e.Seq = s.seq
		if e.Occurred == 0 {
			e.Occurred = s.at
		}
		e.Received = max(s.at, e.Occurred)
		if e.Visitor == 0 && e.Anonymous != "" && !e.Bot {
			if s.visitors[e.Anonymous] == 0 {
				s.visitors[e.Anonymous] = sessions.VisitorID(e.Seq)
			}
			e.Visitor = s.visitors[e.Anonymous]
		}
		if err := s.r.take([]*sessions.Event{e}); err != nil {
			s.t.Fatal(err)
		}
	}
	return s
}

func (s *tale) views(who string, items ...string) *tale {
	s.t.Helper()
	for _, item := range items {
		s.happens(event(sessions.ProductViewed, who, item))
	}
	return s
}

func (s *tale) adds(who string, items ...string) *tale {
	s.t.Helper()
	return s.happens(event(sessions.ProductAdded, who, items...))
}

func (s *tale) removes(who string, items ...string) *tale {
	s.t.Helper()
	return s.happens(event(sessions.ProductRemoved, who, items...))
}

func (s *tale) orders(who, id string, items ...string) *tale {
	s.t.Helper()
	e := event(sessions.OrderCompleted, who, items...)
	e.Order = sessions.OrderID(id)
	return s.happens(e)
}

func (s *tale) sells(products ...sessions.Product) *tale {
	s.t.Helper()
	for i := range products {
		s.happens(entry(products[i]))
	}
	return s
}

// entry is the event that puts a product into the catalog.
func entry(p sessions.Product) *sessions.Event {
	e := &sessions.Event{Kind: sessions.ProductUpdated, Source: sessions.Backend}
	e.Product = &p
	return e
}

// passes lets time pass.
func (s *tale) passes(d time.Duration) *tale {
	s.at = s.at.Add(d)
	return s
}

// asks returns the items of an answer.
func (s *tale) asks(q Request) []Item { return asked(s.t, s.r, q) }

func asked(t testing.TB, r *Recommender, q Request) []Item {
	t.Helper()
	q, err := q.checked()
	if err != nil {
		t.Fatal(err)
	}
	a := r.rooms.Get().(*answering)
	defer a.leave()
	a.answer(r, q, Shopper{q.Anonymous, q.Customer}, nil, nil)
	return slices.Clone(a.items)
}

// recalls returns what is remembered of a shopper.
func (s *tale) recalls(who Shopper) (found shopper) {
	found.recall(s.r.memory, who)
	return found
}

// ids lists the products of items, separated by blanks.
func ids(items []Item) string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = string(item.ID)
	}
	return strings.Join(list, " ")
}

// expect compares the products of an answer.
func (s *tale) expect(what string, q Request, want string) *tale {
	s.t.Helper()
	if got := ids(s.asks(q)); got != want {
		s.t.Errorf("%s: recommended %q, want %q", what, got, want)
	}
	return s
}

// explained is a table of items with their reasons.
func explained(items []Item) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 1, 2, ' ', 0)
	for _, item := range items {
		fmt.Fprintf(w, "%s\t%s\t%s\n", item.ID, item.Strategy, item.Reason)
	}
	w.Flush()
	return b.String()
}

// aligned makes a table of lines as explained writes them, whose columns are separated by |.
func aligned(lines string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 1, 2, ' ', 0)
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	w.Flush()
	return b.String()
}
