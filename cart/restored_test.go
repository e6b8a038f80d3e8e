package cart_test

import (
	"testing"

	"cartwright/sessions"
)

func sold(price int64, parts ...func(*sessions.Product)) sessions.Product {
	p := sessions.Product{Price: &price, Currency: "EUR"}
	for _, part := range parts {
		part(&p)
	}
	return p
}

func stocked(in bool) func(*sessions.Product) {
	return func(p *sessions.Product) { p.InStock = &in }
}

func hidden(p *sessions.Product) { p.Hidden = true }

func inDollars(p *sessions.Product) { p.Currency = "USD" }

func described(p *sessions.Product) {
	p.Name, p.URL, p.ImageURL = "A cup", "https://shop.example/cup", "https://shop.example/cup.jpg"
}

// What the link of a mail about two cups at 5.00 shows, by what happened since and
// what the catalog says now.
func TestRestore(t *testing.T) {
	const cups = `{"status":"open","currency":"EUR","lines":[{"product_id":"cup","quantity":2,"unit_price":500,"in_stock":true,"sold":true}],"value":1000,"changes":[]}`
	nothing := func(*shop) {}
	happens := func(events ...*sessions.Event) func(*shop) {
		return func(s *shop) { s.happens(70, events...) }
	}
	for name, c := range map[string]struct {
		since   func(*shop)
		catalog shelf
		want    string
	}{
		"nothing changed": {nothing, shelf{"cup": sold(500)}, cups},
		"no catalog":      {nothing, shelf{}, cups},
		"what the shop says of it": {nothing, shelf{"cup": sold(500, described)},
			`{"status":"open","currency":"EUR","lines":[{"product_id":"cup","name":"A cup","url":"https://shop.example/cup","image_url":"https://shop.example/cup.jpg","quantity":2,"unit_price":500,"in_stock":true,"sold":true}],"value":1000,"changes":[]}`},
		"another price": {nothing, shelf{"cup": sold(450)},
			`{"status":"open","currency":"EUR","lines":[{"product_id":"cup","quantity":2,"unit_price":450,"in_stock":true,"sold":true}],"value":900,"changes":[{"product_id":"cup","what":"price_changed","before":500,"after":450}]}`},
		"a price in another currency": {nothing, shelf{"cup": sold(450, inDollars)}, cups},
		"a price that is none":        {nothing, shelf{"cup": sold(-1)}, cups},
		"out of stock": {nothing, shelf{"cup": sold(450, stocked(false))},
			`{"status":"open","currency":"EUR","lines":[{"product_id":"cup","quantity":2,"unit_price":450,"in_stock":false,"sold":true}],"value":null,"changes":[{"product_id":"cup","what":"out_of_stock","before":null,"after":null}]}`},
		"in stock": {nothing, shelf{"cup": sold(500, stocked(true))}, cups},
		"no longer sold": {nothing, shelf{"cup": sold(500, hidden)},
			`{"status":"open","currency":"EUR","lines":[{"product_id":"cup","quantity":2,"unit_price":500,"in_stock":true,"sold":false}],"value":null,"changes":[{"product_id":"cup","what":"no_longer_sold","before":null,"after":null}]}`},
		"one unit more": {happens(put("A", "cup", 3, by("ann"))), shelf{"cup": sold(500)},
			`{"status":"open","currency":"EUR","lines":[{"product_id":"cup","quantity":3,"unit_price":500,"in_stock":true,"sold":true}],"value":1500,"changes":[{"product_id":"cup","what":"quantity_changed","before":2,"after":3}]}`},
		"something else": {happens(put("A", "pot", 1, by("ann"))), shelf{},
			`{"status":"open","currency":"EUR","lines":[{"product_id":"pot","quantity":1,"unit_price":500,"in_stock":true,"sold":true}],"value":500,"changes":[{"product_id":"pot","what":"added","before":null,"after":1},{"product_id":"cup","what":"removed","before":2,"after":null}]}`},
		"emptied": {happens(event(sessions.CartUpdated, sessions.Backend, by("ann"), named("A"))), shelf{},
			`{"status":"empty","lines":[],"value":null,"changes":[]}`},
		"ordered": {happens(ordered("1", by("ann"), named("A"))), shelf{},
			`{"status":"ordered","lines":[],"value":null,"changes":[]}`},
		"ordered and used again":             {happens(ordered("1", by("ann"), named("A")), put("A", "cup", 2, by("ann"))), shelf{}, cups},
		"somebody else's cart":               {happens(put("B", "pot", 1, by("bob"))), shelf{}, cups},
		"somebody else writes the same name": {happens(event(sessions.CartUpdated, sessions.Browser, by("eve"), named("A"), of("pot", 9, 1))), shelf{}, cups},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(s *shop) {
				s.happens(0, put("A", "cup", 2, by("ann"), email("ann@example.com")))
				s.detect(60)
				token := s.link(s.told()[0], 60)
				c.since(s)
				for range 2 { // as often as one likes
					if got := s.restored(c.catalog, token, 80); got != c.want {
						t.Errorf("got  %s\nwant %s", got, c.want)
					}
				}
			})
		})
	}
}

// The cart that took the place of the one in the mail is the shopper's cart now.
func TestRestoreOfAMergedCart(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, event(sessions.ProductAdded, sessions.Browser, by("ann"), of("cup", 1, 500)))
		s.detect(60)
		token := s.link(s.told()[0], 60)
		s.happens(70, put("A", "pot", 1, customer("u1")))
		s.happens(71, event(sessions.Identify, sessions.Browser, by("ann"), customer("u1")), put("A", "pot", 1, customer("u1")))
		s.expect("SELECT id, status, merged_into FROM carts ORDER BY id", "id status merged_into\n2 merged 4\n4 open 0")
		const want = `{"status":"open","currency":"EUR","lines":[{"product_id":"pot","quantity":1,"unit_price":500,"in_stock":true,"sold":true}],"value":500,"changes":[{"product_id":"pot","what":"added","before":null,"after":1},{"product_id":"cup","what":"removed","before":1,"after":null}]}`
		if got := s.restored(shelf{}, token, 80); got != want {
			t.Errorf("got %s", got)
		}
		s.click(token, 80)
		s.expect("SELECT cart, visitor_id FROM clicks", "cart visitor_id\n2 2")
	})
}
