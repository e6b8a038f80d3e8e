package recommend

import (
	"slices"
	"strings"
	"testing"

	"cartwright/sessions"
)

// goods makes product ids of texts.
func goods(ids ...string) []sessions.ProductID {
	list := make([]sessions.ProductID, len(ids))
	for i, id := range ids {
		list[i] = sessions.ProductID(id)
	}
	return list
}

// home is a request that asks nothing special, with one change.
func home(change func(q *Request)) Request {
	q := Request{Context: Home}
	change(&q)
	return q
}

func TestRequestsThatCannotBeAnswered(t *testing.T) {
	long := strings.Repeat("x", 256)
	many := func(n int) []sessions.ProductID { return slices.Repeat(goods("p"), n) }
	choices := func(n int) []string { return slices.Repeat([]string{"c"}, n) }
	filter := func(f Filter) Request { return Request{Context: Home, Filter: f} }
	demand := func(a ...Attribute) Request { return filter(Filter{Attributes: a}) }
	for _, c := range []struct {
		q     Request
		parts string
	}{
		{Request{Context: "basement"}, "context"},
		{Request{}, "context"},
		{Request{Context: Product}, "item"},
		{Request{Context: Home, N: -1}, "n"},
		{Request{Context: Home, N: 101}, "n"},
		{Request{Context: "x", N: 101, PerCategory: -1}, "context n per_category"},
		{Request{Context: Home, PerCategory: 101}, "per_category"},
		{home(func(q *Request) { q.Items = many(201) }), "items"},
		{home(func(q *Request) { q.Cart = many(201) }), "cart"},
		{home(func(q *Request) { q.Exclude = many(1001) }), "exclude"},
		{home(func(q *Request) { q.Exclude = goods("a", "", long) }), "exclude/1 exclude/2"},
		{filter(Filter{Categories: []string{""}, Brands: []string{"b", long}, Tags: choices(11)}), "filter/category/0 filter/brand/1 filter/tag"},
		{filter(Filter{Categories: choices(51), Brands: choices(51)}), "filter/category filter/brand"},
		{filter(Filter{MinimumPrice: new(int64(-1)), MaximumPrice: new(int64(-2))}), "filter/min_price filter/max_price filter/min_price"},
		{filter(Filter{MinimumPrice: new(int64(2)), MaximumPrice: new(int64(1))}), "filter/min_price"},
		{demand(Attribute{"", []Value{Text("x")}}, Attribute{long, []Value{Text("x")}}), "filter/attribute filter/attribute"},
		{demand(Attribute{"size", nil}, Attribute{"a/b~c", []Value{Text(long)}}), "filter/attribute/size filter/attribute/a~1b~0c"},
		{demand(Attribute{"size", slices.Repeat([]Value{Truth(true)}, 51)}), "filter/attribute/size"},
		{demand(slices.Repeat([]Attribute{{"size", []Value{Text("x")}}}, 11)...), "filter/attribute"},
	} {
		var parts []string
		for _, m := range c.q.Mistakes() {
			parts = append(parts, m.Part)
			if m.Reason == "" {
				t.Errorf("nothing is said about %s", m.Part)
			}
		}
		if got := strings.Join(parts, " "); got != c.parts {
			t.Errorf("%.100v: mistakes in %q, want %q", c.q, got, c.parts)
		}
		if _, err := c.q.checked(); err == nil || err.(*RequestError).Part != parts[0] {
			t.Errorf("%.100v: error %v", c.q, err)
		}
	}
	q := Request{
		Context: Cart, N: 100, PerCategory: 100, Items: many(200), Cart: many(200), Exclude: many(1000),
		Filter: Filter{Categories: choices(50), Brands: choices(50), Tags: choices(10), MinimumPrice: new(int64(0)), MaximumPrice: new(int64(0))},
	}
	if wrong := q.Mistakes(); len(wrong) > 0 {
		t.Errorf("as much as may be asked for: %v", wrong[0])
	}
	if q, err := (Request{Context: Cart}).checked(); err != nil || q.N != DefaultN {
		t.Errorf("the default number is %d, %v", q.N, err)
	}
}

// What is told of a session stands after what is remembered of it, once.
func TestASessionIsRememberedAndTold(t *testing.T) {
	s := newTale(t).views("anna", "a", "b", "c")
	for told, want := range map[string]string{"": "a b c", "d": "a b c d", "b": "a c b", "b d b": "a c b d b", "a b c": "a b c"} {
		who := s.recalls(Shopper{Anonymous: "anna"})
		who.hear(goods(strings.Fields(told)...), nil)
		if got := strings.Join(who.items, " "); got != want {
			t.Errorf("told %q: %q, want %q", told, got, want)
		}
	}
	who := s.recalls(Shopper{Anonymous: "anna"})
	who.hear(slices.Repeat(goods("z"), 30), goods("x", "y"))
	if len(who.items) != streamSteps || strings.Join(who.cart, " ") != "x y" {
		t.Errorf("%d items, cart %q", len(who.items), who.cart)
	}
	if s.r.memory.streams.Len() != 1 || ids(s.asks(Request{Context: Home, N: 3})) != "c b a" && len(s.asks(Request{Context: Home})) != 3 {
		t.Error("what is told is remembered")
	}
}
