package recommend

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

// variant is a product that is a variant of another.
func variant(id, of string) sessions.Product {
	return sessions.Product{ID: sessions.ProductID(id), Attributes: json.RawMessage(`{"variant_of":` + of + `}`)}
}

func TestOneVariantOfAProductIsShown(t *testing.T) {
	s := newTale(t).sells(variant("shirt-s", `"shirt"`), variant("shirt-m", `"shirt"`), variant("cap-1", `7`), variant("cap-2", `"7"`),
		sessions.Product{ID: "shirt"}, variant("odd", `["shirt"]`), variant("alone", `""`))
	s.views("x", "shirt-m", "shirt", "hat").views("y", "shirt-m", "cap-2", "shirt-s")
	s.expect("the best of each", Request{Context: Home}, "shirt-m cap-2 hat alone odd")
	s.expect("not of the product looked at", Request{Context: Product, Item: "shirt"}, "hat cap-2 alone odd")
	s.expect("not of the variant looked at", Request{Context: Product, Item: "shirt-s"}, "cap-2 hat alone odd")
	s.expect("but of one in the cart", Request{Context: Home, Cart: goods("shirt-m")}, "cap-2 hat shirt alone odd")
	s.expect("filled up", Request{Context: Home, N: 3}, "shirt-m cap-2 hat")
	s.sells(sessions.Product{ID: "shirt-m"}, sessions.Product{ID: "shirt-s"}, sessions.Product{ID: "cap-1"}, sessions.Product{ID: "cap-2"}, sessions.Product{ID: "alone"})
	if s.r.shelf.variants != 0 {
		t.Errorf("%d variants are left", s.r.shelf.variants)
	}
	s.expect("once they are no variants", Request{Context: Home, N: 4}, "shirt-m cap-2 hat shirt")
}

func TestACategoryHasItsBound(t *testing.T) {
	s := newTale(t)
	for i := range 30 {
		category := "kitchen"
		if i%10 == 9 {
			category = fmt.Sprint("other-", i)
		}
		id := fmt.Sprintf("p%02d", i)
		s.sells(sessions.Product{ID: sessions.ProductID(id), Category: category}).views("x", id)
	}
	s.views("x", "unknown", "strange")
	items := s.asks(Request{Context: Home, PerCategory: 1, N: 6})
	if got, want := ids(items), "p00 p09 p19 p29 strange unknown"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := len(s.asks(Request{Context: Home, PerCategory: 20, N: 25})); got != 25 {
		t.Errorf("%d items", got)
	}
}

// A strategy that is cut off knows more.
func TestWhatIsCutOffIsAskedForAgain(t *testing.T) {
	s := newTale(t).sells(sessions.Product{ID: "p1", Category: "k"}, sessions.Product{ID: "p2", Category: "k"})
	s.views("me", "p1", "p3", "p2").views("x", "p1", "p3", "p2")
	got := explained(s.asks(Request{Context: Home, Anonymous: "me", N: 2, PerCategory: 1}))
	want := aligned(`
		p1 | viewed_together | viewed together with p2 by 2 sessions
		p3 | viewed_together | viewed together with p2 by 2 sessions`)
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// An answer with a bound for categories is what a walk through the long list takes.
func TestABoundIsAWalkThroughTheLongList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := busyShop(t, rt)
		for range 4 {
			q := drawRequest(rt)
			most, n := rapid.IntRange(1, 3).Draw(rt, "per category"), q.N
			q.PerCategory, q.N = 0, MaximumN
			var want []Item
			shown := map[string]int{}
			for _, item := range s.asks(q) {
				if item.Product != nil && item.Product.Category != "" {
					if shown[item.Product.Category]++; shown[item.Product.Category] > most {
						continue
					}
				}
				want = append(want, item)
			}
			q.PerCategory, q.N = most, n
			if got := s.asks(q); explained(got) != explained(want[:min(n, len(want))]) {
				rt.Fatalf("%+v:\n%swant:\n%s", q, explained(got), explained(want))
			}
		}
	})
}

// With variants and a bound together there may be several answers, and this one leaves
// nothing out that could stand beside the others.
func TestNothingIsLeftOutWithoutNeed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := busyShop(t, rt)
		for i := range 8 {
			p := variant(fmt.Sprint("p", i), fmt.Sprintf(`"p%d"`, rapid.IntRange(0, 9).Draw(rt, "of")))
			p.Category = rapid.SampledFrom([]string{"", "k", "l"}).Draw(rt, "category")
			s.sells(p)
		}
		q := drawRequest(rt)
		q.PerCategory = rapid.IntRange(0, 2).Draw(rt, "per category")
		shown, families := map[string]int{}, map[string]bool{}
		stands := func(id sessions.ProductID) bool {
			e := s.r.shelf.entries[string(id)]
			about := q.Context == Product || q.Context == Content && q.Item != ""
			if f := family(e, string(id)); families[f] || about && f == family(s.r.shelf.entries[string(q.Item)], string(q.Item)) {
				return false
			}
			return q.PerCategory == 0 || e == nil || e.product.Category == "" || shown[e.product.Category] < q.PerCategory
		}
		answer := s.asks(q)
		for _, item := range answer {
			if !stands(item.ID) {
				rt.Fatalf("%+v: %s must not stand beside the others in %s", q, item.ID, ids(answer))
			}
			families[family(s.r.shelf.entries[string(item.ID)], string(item.ID))] = true
			if item.Product != nil {
				shown[item.Product.Category]++
			}
		}
		if len(answer) == q.N {
			return
		}
		alone := q
		alone.PerCategory, alone.N = 1, 1
		for i := range 21 {
			id := sessions.ProductID(fmt.Sprint("p", i))
			alone.Exclude = append(others(id), q.Exclude...)
			if got := s.asks(alone); len(got) == 1 && stands(id) {
				rt.Fatalf("%+v: %s could be in %s", q, id, ids(answer))
			}
		}
	})
}

// others are all products of a busy shop but one.
func others(id sessions.ProductID) (list []sessions.ProductID) {
	for i := range 21 {
		if other := sessions.ProductID(fmt.Sprint("p", i)); other != id {
			list = append(list, other)
		}
	}
	return list
}
