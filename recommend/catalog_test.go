package recommend

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// numbered gives events their seqs, counted from one.
func numbered(events ...*sessions.Event) []*sessions.Event {
	for i, e := range events {
		e.Seq = sessions.Seq(i + 1)
	}
	return events
}

// apply applies events to a catalog, some at a time.
func apply(t *testing.T, db *database.DB, events []*sessions.Event, at int) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		for part := range slices.Chunk(events, at) {
			if err := NewCatalog(db).Apply(tx, part); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheCatalogKeepsTheLastEntryHoweverEventsAreBatched(t *testing.T) {
	price, gone := int64(250), false
	said := entry(sessions.Product{ID: "cup", Name: "Free cup"})
	said.Source = sessions.Browser
	events := numbered(
		entry(sessions.Product{ID: "cup", Name: "Cup", Price: &price, Currency: "GBP"}),
		event(sessions.ProductViewed, "anna", "cup"),
		entry(sessions.Product{ID: "pot", Attributes: []byte(`{ "weight" : 3 }`)}),
		entry(sessions.Product{ID: "cup", Name: "Cup <white>", InStock: &gone}),
		said,
		entry(sessions.Product{Name: "no id"}),
	)
	want := testTable(`
		product_id | body                                                            | seq
		cup        | {"product_id":"cup","name":"Cup \u003cwhite\u003e","in_stock":false} | 4
		pot        | {"product_id":"pot","attributes":{"weight":3}}                       | 3`)
	for _, at := range []int{1, 2, len(events)} {
		testdb.Each(t, func(t *testing.T, db *database.DB) {
			apply(t, db, events, at)
			if got := testdb.Rows(t, db, "SELECT product_id, body, seq FROM products ORDER BY product_id"); testTable(got) != want {
				t.Errorf("%d at a time: got\n%swant\n%s", at, got, want)
			}
		})
	}
}

// testTable leaves of a table only its words and lines.
func testTable(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(text, "|", "")) {
		if words := strings.Fields(line); len(words) > 0 {
			fmt.Fprintln(&b, strings.Join(words, " "))
		}
	}
	return b.String()
}

func TestProductsAreReadInTheOrderOfTheirIDs(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		var events []*sessions.Event
		for _, id := range []sessions.ProductID{"b", "B", "ä", "a b", "10", "9", "a"} {
			events = append(events, entry(sessions.Product{ID: id, Name: "the " + string(id)}))
		}
		apply(t, db, numbered(events...), 3)
		c := NewCatalog(db)
		var pages []string
		after := sessions.ProductID("")
		for {
			page, err := c.Products(t.Context(), after, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			var names []string
			for _, p := range page {
				names = append(names, string(p.ID))
			}
			pages = append(pages, strings.Join(names, ","))
			after = page[len(page)-1].ID
		}
		if got, want := strings.Join(pages, " / "), "10,9,B / a,a b,b / ä"; got != want {
			t.Errorf("pages %s, want %s", got, want)
		}
		if p, err := c.Product(t.Context(), "ä"); err != nil || p.Name != "the ä" {
			t.Errorf("product ä is %+v, %v", p, err)
		}
		if _, err := c.Product(t.Context(), "c"); !errors.Is(err, sessions.ErrNotFound) {
			t.Errorf("a product that is not there: %v", err)
		}
	})
}

func TestTheShelfKnowsTheCatalogInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, naive := newShelf(), map[string]string{}
		for range rapid.IntRange(0, 5).Draw(t, "batches") {
			for range rapid.IntRange(0, 5).Draw(t, "products") {
				id := rapid.StringN(1, 2, -1).Draw(t, "id")
				naive[id] = rapid.StringN(1, 3, -1).Draw(t, "name")
				s.put(sessions.Product{ID: sessions.ProductID(id), Name: naive[id]})
			}
			s.settle()
		}
		var want []string
		for id, name := range naive {
			want = append(want, id)
			if s.name(id) != name || s.entries[id] == nil {
				t.Fatalf("%q is called %q, want %q", id, s.name(id), name)
			}
		}
		slices.Sort(want)
		if !slices.Equal(s.ids, want) {
			t.Fatalf("the shelf holds %q, want %q", s.ids, want)
		}
	})
}

func TestOnlyAPlainTruthSaysWhetherAProductIsUsedUp(t *testing.T) {
	for attributes, want := range map[string]use{
		`{"consumable":true}`: consumable, `{"size":3,"consumable":true}`: consumable, `{"consumable":false}`: durable,
		`{"consumable":"true"}`: unknownUse, `{"consumable":null}`: unknownUse, `{"colour":"red"}`: unknownUse,
		`[]`: unknownUse, `"consumable"`: unknownUse, ``: unknownUse,
	} {
		s := newShelf()
		s.put(sessions.Product{ID: "a", Attributes: []byte(attributes)})
		if got := s.use("a"); got != want {
			t.Errorf("%s: %v, want %v", attributes, got, want)
		}
	}
}

func TestEntriesOfSomeProducts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		var events []*sessions.Event
		var all []sessions.ProductID
		for n := range 700 { // more than one query asks for
			id := sessions.ProductID(fmt.Sprint("p", n))
			events, all = append(events, entry(sessions.Product{ID: id, Name: "the " + string(id)})), append(all, id)
		}
		apply(t, db, numbered(events...), 100)
		c := NewCatalog(db)
		if found, err := c.Entries(db.Read(t.Context()), nil); err != nil || len(found) != 0 {
			t.Errorf("none: %v, %v", found, err)
		}
		if found, err := c.Entries(db.Read(t.Context()), []sessions.ProductID{"p1", "nosuch", "p1"}); err != nil || len(found) != 1 || found["p1"].Name != "the p1" {
			t.Errorf("one, twice: %v, %v", found, err)
		}
		if found, err := c.Entries(db.Read(t.Context()), all); err != nil || len(found) != 700 || found["p699"].Name != "the p699" {
			t.Errorf("all: %d, %v", len(found), err)
		}
	})
}
