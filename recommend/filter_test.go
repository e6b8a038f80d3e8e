package recommend

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

// drawProduct draws a product of a small world, in which filters often match.
func drawProduct(t *rapid.T, id string) sessions.Product {
	p := sessions.Product{
		ID: sessions.ProductID(id), Category: rapid.SampledFrom([]string{"", "k", "l"}).Draw(t, "category"),
		Brand: rapid.SampledFrom([]string{"", "b", "c"}).Draw(t, "brand"), Hidden: rapid.IntRange(0, 5).Draw(t, "hidden") == 0,
	}
	if rapid.IntRange(0, 3).Draw(t, "priced") > 0 {
		p.Price = new(rapid.Int64Range(0, 5).Draw(t, "price"))
		p.Currency = rapid.SampledFrom([]string{"USD", "USD", "USD", "EUR"}).Draw(t, "currency")
	}
	if stock := rapid.IntRange(0, 5).Draw(t, "stock"); stock < 2 {
		p.InStock = new(stock == 1)
	}
	p.Attributes = json.RawMessage(rapid.SampledFrom([]string{
		``, `{}`, `{"tags":["new","gift"],"size":8}`, `{"tags":"gift","size":"8"}`, `{"size":[7,8.0],"vegan":true}`, `{"vegan":"true","size":{"eu":8}}`,
		`{"consumable":true,"tags":["new",null,["gift"]]}`, `{"content":true}`, `{"content":true,"tags":["new"],"size":8}`,
	}).Draw(t, "attributes"))
	p.URL = "https://shop.example/" + rapid.SampledFrom([]string{"", id, "p1"}).Draw(t, "page")
	return p
}

func drawFilter(t *rapid.T) (f Filter) {
	some := func(label string, of ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, 2, rapid.ID).Draw(t, label)
	}
	switch rapid.IntRange(0, 6).Draw(t, "filter") {
	case 0:
		f.Categories, f.Brands = some("categories", "k", "l", "m"), some("brands", "b", "c")
	case 1:
		f.MinimumPrice = new(rapid.Int64Range(0, 5).Draw(t, "minimum"))
	case 2:
		f.MaximumPrice = new(rapid.Int64Range(0, 5).Draw(t, "maximum"))
	case 3:
		f.Tags = some("tags", "new", "gift")
	case 4:
		f.InStock = true
	case 5:
		f.Attributes = []Attribute{{"size", Spelled(rapid.SampledFrom([]string{"8", "8.0", "7"}).Draw(t, "size"))}}
		if rapid.Bool().Draw(t, "vegan, too") {
			f.Attributes = append(f.Attributes, Attribute{"vegan", []Value{Truth(true)}})
		}
	}
	return f
}

// naivePasses is what a filter means, read from the attributes as encoding/json gives them.
func naivePasses(f Filter, p *sessions.Product) bool {
	if len(f.Categories)+len(f.Brands)+len(f.Tags)+len(f.Attributes) == 0 && f.MinimumPrice == nil && f.MaximumPrice == nil && !f.InStock {
		return true
	}
	if p == nil || f.InStock && p.InStock != nil && !*p.InStock {
		return false
	}
	priced := p.Price != nil && p.Currency == "USD"
	if f.MinimumPrice != nil && (!priced || *p.Price < *f.MinimumPrice) || f.MaximumPrice != nil && (!priced || *p.Price > *f.MaximumPrice) {
		return false
	}
	if len(f.Categories) > 0 && !slices.Contains(f.Categories, p.Category) || len(f.Brands) > 0 && !slices.Contains(f.Brands, p.Brand) {
		return false
	}
	attributes := map[string]any{}
	_ = json.Unmarshal(p.Attributes, &attributes)
	is := func(name string, v Value) bool {
		list, ok := attributes[name].([]any)
		if !ok {
			list = []any{attributes[name]}
		}
		return slices.ContainsFunc(list, func(one any) bool {
			switch one := one.(type) {
			case string:
				return v == Text(one)
			case bool:
				return v == Truth(one)
			case float64:
				number, _ := Number(fmt.Sprint(one))
				return v == number
			}
			return false
		})
	}
	for _, tag := range f.Tags {
		if !is("tags", Text(tag)) {
			return false
		}
	}
	for _, a := range f.Attributes {
		if !slices.ContainsFunc(a.Any, func(v Value) bool { return is(a.Name, v) }) {
			return false
		}
	}
	return true
}

// busyShop is a shop with a catalog and random traffic, of fewer products than an answer may have.
func busyShop(t testing.TB, rt *rapid.T) *tale {
	s := newTale(t)
	s.r.assortments.limit = rapid.SampledFrom([]int{0, 2, assortmentLimit}).Draw(rt, "assortment limit")
	for i := range rapid.IntRange(0, 20).Draw(rt, "products") {
		s.happens(entry(drawProduct(rt, fmt.Sprint("p", i))))
	}
	for range rapid.IntRange(0, 60).Draw(rt, "events") {
		if e := drawEvent(rt); e.Kind != sessions.ProductUpdated {
			s.happens(e)
		}
	}
	return s
}

// An answer with a filter is the long list without it, from which what does not match
// is taken out: the same items of the same strategies for the same reasons. So it is full
// whenever so many match.
func TestAFilterTakesOutWhatDoesNotMatch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := busyShop(t, rt)
		for range 4 {
			q := drawRequest(rt)
			filter, excluded, n := q.Filter, q.Exclude, q.N
			q.Filter, q.Exclude, q.PerCategory, q.N = Filter{}, nil, 0, MaximumN
			var want []Item
			for _, item := range s.asks(q) {
				if naivePasses(filter, item.Product) && !slices.Contains(excluded, item.ID) {
					want = append(want, item)
				}
			}
			want = want[:min(n, len(want))]
			q.Filter, q.Exclude, q.N = filter, excluded, n
			if got := s.asks(q); explained(got) != explained(want) || !slices.EqualFunc(got, want, func(a, b Item) bool { return a.Score == b.Score && a.Support == b.Support }) {
				rt.Fatalf("%+v:\n%swant:\n%s", q, explained(got), explained(want))
			}
		}
	})
}

func TestFiltersMatchWhatTheCatalogSays(t *testing.T) {
	s := newTale(t).sells(sessions.Product{
		ID: "cup", Category: "Kitchen", Brand: "Acme", Price: new(int64(999)), Currency: "USD",
		Attributes: json.RawMessage(`{"colour":"red","size":8,"tags":["new","gift"],"fits":["7",8,true],"organic":true,"more":{"colour":"red"}}`),
	}).views("x", "unknown")
	number := func(text string) []Value { v, _ := Number(text); return []Value{v} }
	attribute := func(name string, any ...Value) Filter { return Filter{Attributes: []Attribute{{name, any}}} }
	for _, c := range []struct {
		name string
		f    Filter
		want string
	}{
		{"nothing", Filter{}, "unknown cup"},
		{"one of the categories", Filter{Categories: []string{"Garden", "Kitchen"}}, "cup"},
		{"another category", Filter{Categories: []string{"kitchen"}}, ""},
		{"a brand and a category", Filter{Categories: []string{"Kitchen"}, Brands: []string{"Acme"}}, "cup"},
		{"a category, and another brand", Filter{Categories: []string{"Kitchen"}, Brands: []string{"Other"}}, ""},
		{"the lowest price", Filter{MinimumPrice: new(int64(999))}, "cup"},
		{"the highest price", Filter{MaximumPrice: new(int64(999))}, "cup"},
		{"dearer", Filter{MinimumPrice: new(int64(1000))}, ""},
		{"cheaper", Filter{MaximumPrice: new(int64(998))}, ""},
		{"what the catalog has in stock", Filter{InStock: true}, "cup"},
		{"both tags", Filter{Tags: []string{"gift", "new"}}, "cup"},
		{"one tag of two", Filter{Tags: []string{"gift", "old"}}, ""},
		{"a text", attribute("colour", Text("red")), "cup"},
		{"one of two texts", attribute("colour", Text("blue"), Text("red")), "cup"},
		{"a number", attribute("size", number("8.0")...), "cup"},
		{"a number's digits", attribute("size", Text("8")), ""},
		{"a number that is spelled", attribute("size", Spelled("8")...), "cup"},
		{"a truth", attribute("organic", Truth(true)), "cup"},
		{"an untruth", attribute("organic", Truth(false)), ""},
		{"a truth that is spelled", attribute("organic", Spelled("true")...), "cup"},
		{"a text in a list", attribute("fits", Text("7")), "cup"},
		{"a number in a list", attribute("fits", number("8")...), "cup"},
		{"what is not in a list", attribute("fits", number("7")...), ""},
		{"what is further in", attribute("more", Text("red")), ""},
		{"an attribute that is not there", attribute("weight", Text("red")), ""},
		{"all of several", Filter{Attributes: []Attribute{{"colour", []Value{Text("red")}}, {"size", number("8")}}}, "cup"},
		{"one of several", Filter{Attributes: []Attribute{{"colour", []Value{Text("red")}}, {"size", number("9")}}}, ""},
	} {
		s.expect(c.name, Request{Context: Home, Filter: c.f}, c.want)
	}
}

func TestPricesAreOfTheShopsCurrency(t *testing.T) {
	s := newTale(t).sells(
		sessions.Product{ID: "free", Price: new(int64(0)), Currency: "USD"}, sessions.Product{ID: "euro", Price: new(int64(5)), Currency: "EUR"},
		sessions.Product{ID: "dollar", Price: new(int64(5)), Currency: "USD"}, sessions.Product{ID: "none"},
	)
	cheap := Request{Context: Home, Filter: Filter{MaximumPrice: new(int64(9))}}
	s.expect("in dollars", cheap, "dollar free")
	e, err := sessions.Own(sessions.SettingsChanged, 0, began, sessions.Settings{Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	s.happens(e).expect("once the shop counts in euros", cheap, "euro")
}

// Filters are asked of all there is, if need be: that takes no memory.
func TestMatchingAllocatesNothing(t *testing.T) {
	s := newShelf()
	s.put(sessions.Product{ID: "a", Category: "k", Price: new(int64(5)), Currency: "USD", Attributes: json.RawMessage(`{"tags":["x","y"],"size":[1,2,3]}`)})
	f := Filter{Categories: []string{"j", "k"}, MinimumPrice: new(int64(1)), Tags: []string{"y"}, Attributes: []Attribute{{"size", Spelled("3")}}}
	p := picky{filter: &f, currency: "USD", most: 1, shown: map[string]int{}, families: map[string]bool{}}
	if n := testing.AllocsPerRun(100, func() {
		if p.lacks("a") || p.refuses(s.entries["a"], "a") {
			t.Error("it does not match")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Who asks while the catalog and the log go on is answered by what there is at that
// moment, whatever was kept of another one.
func TestFiltersWhileTheCatalogChanges(t *testing.T) {
	s := newTale(t)
	s.r.assortments.limit = 20
	var asking sync.WaitGroup
	for who := range 4 {
		asking.Go(func() {
			for i := range 200 {
				category := fmt.Sprint((i + who) % 3)
				items := asked(t, s.r, Request{Context: Home, N: 100, PerCategory: 50, Filter: Filter{Categories: []string{category}}})
				for _, item := range items {
					if item.Product == nil || item.Product.Category != category {
						t.Errorf("%s is in category %s", item.ID, category)
					}
				}
			}
		})
	}
	for i := range 300 {
		id := fmt.Sprint("p", i%40)
		s.sells(sessions.Product{ID: sessions.ProductID(id), Category: fmt.Sprint(i * 7 % 3)}).views("x", id)
	}
	asking.Wait()
}
