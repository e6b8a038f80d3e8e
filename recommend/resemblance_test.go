package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

func described(id, name, category, brand string, price int64) sessions.Product {
	return sessions.Product{ID: sessions.ProductID(id), Name: name, Category: category, Brand: brand, Price: &price, Currency: "EUR"}
}

func TestSimilarProductsAndWhatTheyHaveInCommon(t *testing.T) {
	s := newTale(t).sells(
		described("mug", "Blue mug", "Kitchen > Cups", "Acme", 900),
		described("cup", "Blue cup", "Kitchen > Cups", "Best", 5000),
		described("jug", "Glass jug", "Kitchen > Jugs", "Acme", 950),
		described("lamp", "Desk lamp", "Light", "Acme", 3000),
		described("rug", "Grey rug", "Floor", "Best", 20_000),
	).views("x", "rug", "lamp")
	got := explained(s.asks(Request{Context: Product, Item: "mug", N: 4}))
	want := aligned(`
		cup  | similar_products | similar product: same category, similar name
		jug  | similar_products | similar product: same brand, similar price
		lamp | similar_products | similar product: same brand
		rug  | popular          | popular now: 1 session`)
	if got != want {
		t.Errorf("beside a mug\n%swant\n%s", got, want)
	}
	no := false
	changed := described("cup", "Espresso machine", "Machines", "Best", 90_000)
	gone := described("jug", "Glass jug", "Kitchen > Jugs", "Acme", 950)
	gone.InStock = &no
	s.sells(changed, gone).expect("after the catalog changed", Request{Context: Product, Item: "mug", N: 1}, "lamp")
	s.sells(described("cup", "Blue cup", "Kitchen > Cups", "Best", 5000))
	s.views("new", "mug")
	if got := s.asks(Request{Context: Home, Anonymous: "new", N: 1}); explained(got) != aligned("cup | similar_products | similar product to Blue mug: same category, similar name") {
		t.Errorf("to who looked at a mug\n%s", explained(got))
	}
}

func TestPricesCloseToEachOtherShareABand(t *testing.T) {
	for price := int64(1); price < 100_000; price += 1 + price/7 {
		near := price + price/6
		a, b := described("a", "", "", "", price), described("b", "", "", "", near)
		shared := slices.ContainsFunc(traitsOf(&a), func(t trait) bool { return slices.Contains(traitsOf(&b), t) })
		if !shared || !similarPrices(&a, &b) {
			t.Errorf("%d and %d share no band", price, near)
		}
		if b.Currency = "USD"; similarPrices(&a, &b) || slices.ContainsFunc(traitsOf(&a), func(t trait) bool { return slices.Contains(traitsOf(&b), t) }) {
			t.Errorf("%d in two currencies is taken for similar", price)
		}
	}
}

// Products come, change and change back; what is like one is recounted from the catalog.
func TestResemblanceAgreesWithARecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, catalog := newResemblance(), map[string]sessions.Product{}
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
			p := described(fmt.Sprint(rapid.IntRange(1, 8).Draw(t, "id")), pick("name", "", "red cup", "Cup, blue", "red red lamp"),
				pick("category", "", "A", "A > B", "a/b/c", "D"), pick("brand", "", "x", "X", "y"), rapid.Int64Range(0, 400).Draw(t, "price"))
			m.take(&p)
			catalog[string(p.ID)] = p
		}
		id, n := fmt.Sprint(rapid.IntRange(1, 8).Draw(t, "asked")), rapid.IntRange(1, 8).Draw(t, "n")
		exclude := func(id string) bool { return id == "3" }
		got, want := m.like(new(likeness), id, n, exclude, nil), recounted(catalog, id, n, exclude)
		if !slices.EqualFunc(got, want, func(a, b Scored) bool { return abs(a.Score-b.Score) < 1e-9 }) {
			t.Fatalf("like %s: got %v, want %v", id, got, want)
		}
		for i := range got { // of equals by sums in another order, any may come first
			if slices.IndexFunc(want, func(w Scored) bool { return w.Item == got[i].Item && abs(w.Score-got[i].Score) < 1e-9 }) < 0 && abs(got[i].Score-want[len(want)-1].Score) > 1e-9 {
				t.Fatalf("like %s: got %v, want %v", id, got, want)
			}
		}
	})
}

func recounted(catalog map[string]sessions.Product, id string, n int, exclude func(string) bool) (list []Scored) {
	asked, ok := catalog[id]
	if !ok {
		return nil
	}
	has := func(p sessions.Product, t trait) bool { return slices.Contains(traitsOf(&p), t) }
	own, whole, scores := map[trait]float64{}, 0., map[string]float64{}
	for _, t := range traitsOf(&asked) {
		with := 0
		for _, p := range catalog {
			if has(p, t) {
				with++
			}
		}
		own[t] = math.Pow(math.Log(float64(len(catalog))/float64(with)), 2)
		if strings.HasPrefix(string(t), "price") {
			own[t] /= 2
		}
	}
	for _, weight := range own {
		whole += weight
	}
	for t, weight := range own {
		for other, p := range catalog {
			if other != id && has(p, t) && weight > 0 && !exclude(other) {
				scores[other] += weight / whole
			}
		}
	}
	for other, score := range scores {
		list = append(list, Scored{Item: other, Score: score})
	}
	slices.SortFunc(list, func(a, b Scored) int { return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.Item, b.Item)) })
	return list[:min(n, len(list))]
}

// BenchmarkSimilarProducts asks a catalog of 100,000 products that nobody looked at.
func BenchmarkSimilarProducts(b *testing.B) {
	m, s := newResemblance(), new(likeness)
	for i := range 100_000 {
		p := described(fmt.Sprint(i), fmt.Sprintf("word%d thing%d piece%d", i%977, i%5003, i%31), fmt.Sprintf("c%d > d%d", i%20, i%200), fmt.Sprint("brand", i%500), int64(100+i*37%90_000))
		m.take(&p)
	}
	b.ReportAllocs()
	var list []Scored
	for i := 0; b.Loop(); i++ {
		list = m.like(s, fmt.Sprint(i*7919%100_000), 20, nil, list[:0])
	}
}
