package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// ottoCounts are what an otto file holds, counted from it alone.
type ottoCounts struct{ rows, views, adds, orders, sessions, carts int }

func countOtto(t *testing.T, file string) (x ottoCounts) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	orders := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var s struct {
			Session int
			Events  []struct {
				TS   int64
				Type string
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		x.sessions++
		open := false // a cart begins with an add after the start or an order
		for _, e := range s.Events {
			x.rows++
			switch e.Type {
			case "clicks":
				x.views++
			case "carts":
				x.adds++
				if !open {
					open = true
					x.carts++
				}
			case "orders":
				orders[strconv.Itoa(s.Session)+"@"+strconv.FormatInt(e.TS, 10)] = true
				open = false
			}
		}
	}
	x.orders = len(orders)
	return x
}

func TestOttoImport(t *testing.T) {
	file := filepath.Join(dataFolder(t, "otto-sample"), "train.jsonl")
	db := filepath.Join(t.TempDir(), "shop.db")
	want := countOtto(t, file)
	for again := range 2 {
		sum := invoke[struct{ Read, Accepted, Duplicates, Rejected int }](t, "import", "--json", "--db", db, "--format", "otto", file)
		accepted, duplicates := want.rows, 0
		if again == 1 {
			accepted, duplicates = 0, want.rows
		}
		if sum.Read != want.rows || sum.Accepted != accepted || sum.Duplicates != duplicates || sum.Rejected != 0 {
			t.Errorf("import %d: %+v, want %d rows", again, sum, want.rows)
		}
		stats := invoke[struct {
			Events                            map[string]int
			Visitors, Sessions, Carts, Orders int
		}](t, "stats", "--json", "--db", db)
		got := ottoCounts{
			want.rows, stats.Events["product_viewed"], stats.Events["product_added"], stats.Events["order_completed"], stats.Sessions, stats.Carts,
		}
		if got != want || stats.Orders != want.orders || stats.Visitors != want.sessions {
			t.Errorf("import %d: stats %+v, want %+v", again, stats, want)
		}
	}
	if v := invoke[struct{ Differences []string }](t, "verify", "--json", "--db", db); len(v.Differences) > 0 {
		t.Errorf("verify: %v", v.Differences)
	}
}
