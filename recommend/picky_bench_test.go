package recommend

import (
	"encoding/json"
	"fmt"
	"testing"

	"cartwright/sessions"
)

// BenchmarkFilter answers with 20 items, as far as there are so many, of a shop with
// 20,000 products in 50 categories.
func BenchmarkFilter(b *testing.B) {
	r := benchShop(b)
	var events []*sessions.Event
	for i := range 20_000 {
		p := sessions.Product{ID: sessions.ProductID(fmt.Sprint("product-", i)), Category: fmt.Sprint(i % 50), Price: new(int64(i)), Currency: "USD"}
		p.Attributes = json.RawMessage(fmt.Sprintf(`{"colour":"c%d","size":[%d,%d],"tags":["t%d"],"material":"m%d","fit":"f%d","serial":%d}`, i%7, i%9, i%11, i%13, i%5, i%3, i))
		e := entry(p)
		e.Seq = sessions.Seq(1_000_000 + i)
		events = append(events, e)
	}
	if err := r.take(events); err != nil {
		b.Fatal(err)
	}
	r.cursor = 0 // of the log, which is empty
	attribute := func(name, text string) Filter { return Filter{Attributes: []Attribute{{name, Spelled(text)}}} }
	for _, c := range []struct {
		name        string
		filter      Filter
		perCategory int
	}{
		{"none", Filter{}, 0},
		{"one category of 50", Filter{Categories: []string{"7"}}, 0},
		{"one colour of 7", attribute("colour", "c3"), 0},
		{"the cheap half", Filter{MaximumPrice: new(int64(10_000))}, 0},
		{"one product", attribute("serial", "77"), 0},
		{"no product", attribute("serial", "-1"), 0},
		{"one of a category", Filter{}, 1},
		{"another product each time", Filter{}, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				q := Request{Context: Product, Item: sessions.ProductID(fmt.Sprint("product-", i*31%20_000)), N: 20, Filter: c.filter, PerCategory: c.perCategory}
				if c.name == "another product each time" { // so that nothing that is kept helps
					q.Filter = attribute("serial", fmt.Sprint(i))
				}
				if _, err := r.Recommend(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
