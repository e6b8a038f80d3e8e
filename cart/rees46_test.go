package cart_test

import (
	"cmp"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// A month and a half of a cosmetics shop, counted beforehand by other means.
func TestCartsOfRealShoppers(t *testing.T) {
	folder := filepath.Join(os.Getenv("CARTWRIGHT_DATA"), "rees46-cosmetics")
	if _, err := os.Stat(folder); os.Getenv("CARTWRIGHT_DATA") == "" || err != nil {
		t.Skip("CARTWRIGHT_DATA is not set, or has no rees46-cosmetics")
	}
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := openShop(t, db)
		for part := range slices.Chunk(rees46(t, folder), 500) {
			if _, err := s.log.Append(context.Background(), sessions.Batch{Events: part, Format: "rees46"}); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := s.counts(), (cart.Counts{Carts: 140, OpenCarts: 123, OpenUnits: 603, Orders: 18}); got != want {
			t.Errorf("counts %+v, want %+v", got, want)
		}
		s.expect("SELECT status, COUNT(*) AS n FROM carts GROUP BY status ORDER BY status", "status n\nemptied 3\nopen 123\nordered 14")
		for _, triggers := range []int{39, 0} {
			now := time.Date(2022, 12, 2, 0, 0, 0, 0, time.UTC)
			r, err := s.detector.Detect(context.Background(), now, cart.Options{History: true})
			if err != nil {
				t.Fatal(err)
			}
			s.wantReport(r, cart.Report{Carts: 123, Abandoned: 123, Triggers: triggers})
		}
	})
}

// rees46 reads the files as events in the order of time. Equal rows are one, and
// so are the purchases of one session within a minute.
func rees46(t *testing.T, folder string) []*sessions.Event {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	var events []*sessions.Event
	seen := map[[6]string]bool{}
	orders := map[string]bool{}
	for _, name := range files {
		for _, row := range rowsOf(t, name) {
			if e := rees46Event(t, row); e != nil && !seen[[6]string(row)] && !orders[string(e.Order)] {
				seen[[6]string(row)] = true
				orders[string(e.Order)] = e.Order != ""
				events = append(events, e)
			}
		}
	}
	slices.SortStableFunc(events, func(a, b *sessions.Event) int { return cmp.Compare(a.Received, b.Received) })
	return events
}

func rowsOf(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func rees46Event(t *testing.T, row []string) *sessions.Event {
	t.Helper()
	when, err := time.Parse("2006-01-02 15:04:05 UTC", row[0])
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]sessions.Kind{
		"view": sessions.ProductViewed, "cart": sessions.ProductAdded,
		"remove_from_cart": sessions.ProductRemoved, "purchase": sessions.OrderCompleted,
	}
	e := event(kinds[row[1]], sessions.Imported, customer(row[4]), of(row[2], 1, -1))
	e.Received = sessions.MillisOf(when)
	if e.Kind == sessions.OrderCompleted {
		e.Order = sessions.OrderID(row[5] + when.Format(" 15:04"))
	}
	return e
}
