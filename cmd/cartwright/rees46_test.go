package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

// expected is what the oracle counts in files of the form rees46.
type expected struct {
	read, accepted                           int
	views, adds, removes, orders             int
	visitors, sessions                       int
	carts, emptied, ordered, open, openUnits int
	young                                    int // open carts active within 7 days before asOf
}

var asOf = time.Date(2022, 12, 2, 0, 0, 0, 0, time.UTC)

// distinctRows returns the rows of files without repetitions, sorted by time, and
// how many were read.
func distinctRows(t *testing.T, files []string) (rows [][]string, read int) {
	t.Helper()
	seen := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
			read++
			if !seen[line] {
				seen[line] = true
				rows = append(rows, strings.Split(line, ","))
			}
		}
	}
	sort.SliceStable(rows, func(i, j int) bool { return rows[i][0] < rows[j][0] })
	return rows, read
}

// count is the oracle: it shares nothing with the product but the data.
func count(t *testing.T, files []string) expected {
	t.Helper()
	rows, read := distinctRows(t, files)
	x := expected{read: read, accepted: len(rows)}
	type basket struct {
		units map[string]int
		last  time.Time
		held  bool
	}
	baskets, lastSeen, minutes := map[string]*basket{}, map[string]time.Time{}, map[string]bool{}
	for _, row := range rows {
		at, err := time.Parse("2006-01-02 15:04:05 MST", row[0])
		if err != nil {
			t.Fatal(err)
		}
		user, product := row[4], row[2]
		if last, known := lastSeen[user]; !known || at.Sub(last) > 30*time.Minute {
			x.sessions++
		}
		lastSeen[user] = at
		b := baskets[user]
		if b == nil {
			b = &basket{units: map[string]int{}}
			baskets[user] = b
		}
		switch row[1] {
		case "view":
			x.views++
		case "cart":
			x.adds++
			b.units[product]++
			b.last = at
			if !b.held {
				b.held = true
				x.carts++
			}
		case "remove_from_cart":
			x.removes++
			if b.units[product] > 0 {
				b.units[product]--
			}
			if b.held {
				b.last = at
			}
		case "purchase":
			if minute := row[5] + row[0][:16]; !minutes[minute] {
				minutes[minute] = true
				x.orders++
				if total(b.units) > 0 {
					x.ordered++
					baskets[user] = nil
				}
			}
		}
	}
	x.visitors = len(lastSeen)
	for _, b := range baskets {
		if b == nil || !b.held {
			continue
		}
		if n := total(b.units); n == 0 {
			x.emptied++
		} else {
			x.open++
			x.openUnits += n
			if asOf.Sub(b.last) <= 7*24*time.Hour {
				x.young++
			}
		}
	}
	return x
}

func total(units map[string]int) (n int) {
	for _, u := range units {
		n += u
	}
	return n
}

// invoke runs a command line and decodes the JSON it prints.
func invoke[T any](t *testing.T, args ...string) T {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs, allowances(args)}); code != exitDone {
		t.Fatalf("cartwright %s: exit %d\n%s", strings.Join(args, " "), code, errs.String())
	}
	var v T
	decoder := json.NewDecoder(&out)
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("cartwright %s printed no JSON: %v", strings.Join(args, " "), err)
	}
	if rest, _ := decoder.Token(); rest != nil {
		t.Fatalf("cartwright %s printed more than one JSON value", strings.Join(args, " "))
	}
	return v
}

// dataFolder returns the folder of real data, or skips the test where there is none.
func dataFolder(t testing.TB, name string) string {
	t.Helper()
	folder := os.Getenv("CARTWRIGHT_DATA")
	if folder == "" {
		t.Skip("CARTWRIGHT_DATA is not set: no real data here")
	}
	folder = filepath.Join(folder, name)
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("no real data here: %v", err)
	}
	return folder
}

func TestRees46(t *testing.T) {
	folder := dataFolder(t, "rees46-cosmetics")
	all, err := filepath.Glob(filepath.Join(folder, "*.csv"))
	if err != nil || len(all) != 3 {
		t.Fatalf("found %v: %v", all, err)
	}
	for _, files := range [][]string{all, all[:1], all[1:2], all[2:], {all[2], all[0]}} {
		name := strings.ReplaceAll(strings.Join(files, "+"), folder+"/", "")
		t.Run(name, func(t *testing.T) {
			testRees46(t, filepath.Join(t.TempDir(), "shop.db"), files, count(t, files))
		})
	}
	together := count(t, all)
	want := expected{
		read: 2997, accepted: 2851, views: 1252, adds: 845, removes: 497, orders: 18, visitors: 432, sessions: 434,
		carts: 140, emptied: 3, ordered: 14, open: 123, openUnits: 603, young: 39,
	}
	if together != want {
		t.Errorf("the oracle counts %+v, known is %+v", together, want)
	}
}

func testRees46(t *testing.T, db string, files []string, want expected) {
	imported := func() (read, accepted, duplicates, rejected int) {
		sum := invoke[struct{ Read, Accepted, Duplicates, Rejected int }](t,
			append([]string{"import", "--json", "--db", db, "--format", "rees46"}, files...)...)
		return sum.Read, sum.Accepted, sum.Duplicates, sum.Rejected
	}
	if r, a, d, j := imported(); r != want.read || a != want.accepted || d != want.read-want.accepted || j != 0 {
		t.Errorf("import: read %d, accepted %d, duplicates %d, rejected %d; want %+v", r, a, d, j, want)
	}
	for range 2 { // the second time after importing all of it again
		stats := invoke[struct {
			Events                                                         map[string]int
			Visitors, Sessions, Carts, Orders, Open_carts, Open_cart_units int
		}](t, "stats", "--json", "--db", db)
		got := expected{
			read: want.read, accepted: want.accepted, views: stats.Events["product_viewed"], adds: stats.Events["product_added"],
			removes: stats.Events["product_removed"], orders: stats.Events["order_completed"],
			visitors: stats.Visitors, sessions: stats.Sessions, carts: stats.Carts,
			emptied: want.emptied, ordered: stats.Carts - stats.Open_carts - want.emptied, open: stats.Open_carts, openUnits: stats.Open_cart_units, young: want.young,
		}
		if got != want || stats.Orders != want.orders {
			t.Errorf("stats: got  %+v, %d orders\nwant %+v", got, stats.Orders, want)
		}
		if r, a, d, j := imported(); r != want.read || a != 0 || d != want.read || j != 0 {
			t.Errorf("import again: read %d, accepted %d, duplicates %d, rejected %d", r, a, d, j)
		}
	}
	for _, triggers := range []int{want.young, 0} {
		got := invoke[struct{ Carts, Abandoned, Suppressed, Triggers int }](t, "detect", "--json", "--db", db, "--as-of", asOf.Format(time.RFC3339))
		if got.Carts != want.open || got.Abandoned != want.open || got.Suppressed != 0 || got.Triggers != triggers {
			t.Errorf("detect: %+v, want %d carts and %d triggers", got, want.open, triggers)
		}
	}
	if v := invoke[struct{ Differences []string }](t, "verify", "--json", "--db", db); len(v.Differences) > 0 {
		t.Errorf("verify: %v", v.Differences)
	}
}
