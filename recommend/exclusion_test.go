package recommend

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

func TestExclusionsHoldAndTheListIsFilledUp(t *testing.T) {
	no, yes := false, true
	used := json.RawMessage(`{"consumable":true}`)
	browse := func(t *testing.T) *tale {
		return newTale(t).views("x", "a", "b", "c").views("y", "a", "b", "c").views("z", "a", "b")
	}
	for _, c := range []struct {
		name string
		tell func(s *tale)
		want string
	}{
		{"nothing", func(*tale) {}, "a b c"},
		{"out of stock", func(s *tale) { s.sells(sessions.Product{ID: "a", InStock: &no}) }, "b c"},
		{"in stock", func(s *tale) { s.sells(sessions.Product{ID: "a", InStock: &yes}) }, "a b c"},
		{"in stock again", func(s *tale) { s.sells(sessions.Product{ID: "a", InStock: &no}, sessions.Product{ID: "a"}) }, "a b c"},
		{"hidden", func(s *tale) { s.sells(sessions.Product{ID: "b", Hidden: true}) }, "a c"},
		{"looked at just now", func(s *tale) { s.views("me", "b") }, "a b c"},
		{"in the cart", func(s *tale) { s.adds("me", "b") }, "a c"},
		{"in another's cart", func(s *tale) { s.adds("x", "b") }, "a b c"},
		{"taken out of the cart", func(s *tale) { s.adds("me", "b").removes("me", "b") }, "a b c"},
		{"one of two taken out", func(s *tale) { s.adds("me", "b", "b").removes("me", "b") }, "a c"},
		{"a whole cart", func(s *tale) { s.adds("me", "a").happens(event(sessions.CartUpdated, "me", "c")) }, "a b"},
		{"a cart emptied", func(s *tale) { s.adds("me", "a").happens(event(sessions.CartUpdated, "me")) }, "a b c"},
		{"bought", func(s *tale) { s.adds("me", "b", "c").orders("me", "1", "b") }, "a c"},
		{"bought and used up", func(s *tale) { s.sells(sessions.Product{ID: "b", Attributes: used}).orders("me", "1", "b") }, "a b c"},
		{"used up and in the cart", func(s *tale) {
			s.sells(sessions.Product{ID: "b", Attributes: used}).orders("me", "1", "b").adds("me", "b")
		}, "a c"},
		{"everything", func(s *tale) { s.adds("me", "a", "b", "c") }, ""},
	} {
		s := browse(t)
		c.tell(s)
		got := strings.Fields(ids(s.asks(Request{Context: Home, Anonymous: "me"})))
		slices.Sort(got)
		if !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%s: recommended %q, want %q", c.name, got, c.want)
		}
	}
	browse(t).expect("the item itself", Request{Context: Product, Item: "b", Anonymous: "me"}, "a c")
}

// naiveShop recounts from all events what may be shown to a shopper.
type naiveShop struct {
	catalog map[string]sessions.Product
	clicked map[string]bool
	cart    map[string]map[string]int64
	bought  map[string]map[string]bool
}

func (n *naiveShop) take(e *sessions.Event) {
	who := string(e.Anonymous)
	if n.cart[who] == nil {
		n.cart[who], n.bought[who] = map[string]int64{}, map[string]bool{}
	}
	if e.Kind == sessions.ProductUpdated {
		n.catalog[string(e.Product.ID)] = *e.Product
	}
	if e.Bot {
		return
	}
	if e.Kind == sessions.CartUpdated || e.Kind == sessions.OrderCompleted {
		n.cart[who] = map[string]int64{}
	}
	for _, l := range e.Lines {
		item := string(l.Product)
		if e.Consent == "" && (e.Kind == sessions.ProductViewed || e.Kind == sessions.ProductAdded || e.Kind == sessions.OrderCompleted) {
			n.clicked[item] = true
		}
		switch e.Kind {
		case sessions.ProductAdded, sessions.CartUpdated:
			n.cart[who][item]++
		case sessions.ProductRemoved:
			n.cart[who][item] = max(0, n.cart[who][item]-1)
		case sessions.OrderCompleted:
			n.bought[who][item] = true
		}
	}
}

// shown is what may be shown in answer to a request.
func (n *naiveShop) shown(q Request) map[string]bool {
	shown := maps.Clone(n.clicked)
	for item := range n.catalog {
		shown[item] = true
	}
	maps.DeleteFunc(shown, func(item string, _ bool) bool {
		p, who := n.catalog[item], string(q.Anonymous)
		var entry *sessions.Product
		if _, known := n.catalog[item]; known {
			entry = &p
		}
		return p.Hidden || p.InStock != nil && !*p.InStock || n.cart[who][item] > 0 || slices.Contains(q.Cart, sessions.ProductID(item)) ||
			n.bought[who][item] && !strings.Contains(string(p.Attributes), "consumable") || (q.Context == Product || q.Context == Content && q.Item != "") && item == string(q.Item) ||
			q.Context != Content && strings.Contains(string(p.Attributes), `"content":true`) ||
			slices.Contains(q.Exclude, sessions.ProductID(item)) || !naivePasses(q.Filter, entry)
	})
	return shown
}

func drawEvent(t *rapid.T) *sessions.Event {
	item := fmt.Sprint("p", rapid.IntRange(0, 14).Draw(t, "item"))
	kind := rapid.SampledFrom([]sessions.Kind{
		sessions.ProductViewed, sessions.ProductViewed, sessions.ProductViewed, sessions.ProductAdded, sessions.ProductAdded,
		sessions.ProductRemoved, sessions.CartUpdated, sessions.OrderCompleted, sessions.ProductUpdated, sessions.Page,
	}).Draw(t, "kind")
	if kind == sessions.ProductUpdated {
		return entry(drawProduct(t, item))
	}
	e := event(kind, fmt.Sprint("v", rapid.IntRange(0, 4).Draw(t, "who")), item)
	if rapid.IntRange(0, 9).Draw(t, "second line") == 0 {
		e.Lines = append(e.Lines, sessions.Line{Product: "p3", Quantity: 1})
	}
	e.Bot = rapid.IntRange(0, 19).Draw(t, "bot") == 0
	if rapid.IntRange(0, 19).Draw(t, "consent") == 0 {
		e.Consent = "denied"
	}
	return e
}

func drawRequest(t *rapid.T) Request {
	some := func(label string) (list []sessions.ProductID) {
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, 15), 0, 3).Draw(t, label) {
			list = append(list, sessions.ProductID(fmt.Sprint("p", i)))
		}
		return list
	}
	return Request{
		Context: rapid.SampledFrom(Contexts()).Draw(t, "context"),
		Item:    sessions.ProductID(fmt.Sprint("p", rapid.IntRange(0, 15).Draw(t, "asked item"))),
		N:       rapid.IntRange(1, 20).Draw(t, "n"), Anonymous: sessions.AnonymousID(fmt.Sprint("v", rapid.IntRange(0, 5).Draw(t, "asker"))),
		Items: some("items"), Cart: some("cart"), Exclude: some("excluded"), Filter: drawFilter(t),
	}
}

func drawChains(t *rapid.T) Chains {
	chains := Chains{}
	for _, context := range Contexts() {
		if rapid.Bool().Draw(t, "a chain") {
			chains[context] = rapid.SliceOfNDistinct(rapid.SampledFrom(Strategies()), 1, 3, rapid.ID).Draw(t, string(context))
		}
	}
	return chains.complete()
}

func TestAnyAnswerHoldsAllThatMayBeShownUpToN(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newTale(t)
		s.r.chains = drawChains(rt)
		s.r.assortments.limit = rapid.SampledFrom([]int{0, 2, assortmentLimit}).Draw(rt, "assortment limit")
		naive := naiveShop{map[string]sessions.Product{}, map[string]bool{}, map[string]map[string]int64{}, map[string]map[string]bool{}}
		for range rapid.IntRange(0, 80).Draw(rt, "events") {
			e := drawEvent(rt)
			s.passes(time.Duration(rapid.IntRange(0, 20).Draw(rt, "minutes")) * time.Minute).happens(e)
			naive.take(e)
		}
		for range 3 {
			q := drawRequest(rt)
			shown, items := naive.shown(q), s.asks(q)
			if len(items) != min(q.N, len(shown)) {
				rt.Fatalf("%+v: %d items (%s), want %d of %v", q, len(items), ids(items), min(q.N, len(shown)), slices.Sorted(maps.Keys(shown)))
			}
			for _, item := range items {
				if !shown[string(item.ID)] {
					rt.Fatalf("%+v: %s must not be shown, or not twice: %s", q, item.ID, ids(items))
				}
				delete(shown, string(item.ID))
			}
		}
	})
}
