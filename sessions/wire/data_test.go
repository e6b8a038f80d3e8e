package wire

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cartwright/sessions"
)

// realFile opens a file of the real data, or skips where there is none.
func realFile(t *testing.T, parts ...string) File {
	t.Helper()
	root := os.Getenv("CARTWRIGHT_DATA")
	if _, err := os.Stat(root); root == "" || err != nil {
		t.Skip("no CARTWRIGHT_DATA")
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if !strings.HasSuffix(path, ".gz") {
		return File{path, f}
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return File{path, z}
}

// counted says in one line what an import gave.
func (h history) counted() string {
	kinds := map[sessions.Kind]int{}
	for _, e := range h.events {
		kinds[e.Kind]++
	}
	return fmt.Sprintf("%d read, %d accepted, %d duplicates, %d rejected: %d viewed, %d added, %d removed, %d ordered",
		h.tally.Read, h.tally.Accepted, h.tally.Duplicates, h.tally.Rejected,
		kinds[sessions.ProductViewed], kinds[sessions.ProductAdded], kinds[sessions.ProductRemoved], kinds[sessions.OrderCompleted])
}

// oracle counts REES46 files by their lines alone.
func oracle(files ...File) string {
	read, kinds := 0, map[string]int{}
	seen, orders := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		s := bufio.NewScanner(f.Reader)
		for s.Scan(); s.Scan(); {
			read++
			if line := s.Text(); !seen[line] {
				seen[line] = true
				field := strings.Split(line, ",")
				kinds[field[1]]++
				if field[1] == "purchase" {
					orders[field[5]+field[0][:len("2022-10-01 00:00")]] = true
				}
			}
		}
	}
	return fmt.Sprintf("%d read, %d accepted, %d duplicates, 0 rejected: %d viewed, %d added, %d removed, %d ordered",
		read, len(seen), read-len(seen), kinds["view"], kinds["cart"], kinds["remove_from_cart"], len(orders))
}

func TestRealShoppingCountsAsTheOracle(t *testing.T) {
	months := func(names ...string) (files []File) {
		for _, name := range names {
			files = append(files, realFile(t, "rees46-cosmetics", "data_2022_"+name+".csv"))
		}
		return files
	}
	for _, names := range [][]string{{"oct"}, {"nov"}, {"dec"}, {"dec", "oct", "nov"}, {"nov", "nov"}} {
		want := oracle(months(names...)...)
		known := log{}
		compare(t, strings.Join(names, " "), known.add(t, "rees46", Options{}, months(names...)...).counted(), want)
		if again := known.add(t, "rees46", Options{}, months(names...)...); len(again.events) != 0 {
			t.Errorf("%v again added %d events", names, len(again.events))
		}
	}
	known := log{}
	first := known.add(t, "rees46", Options{}, months("oct")...)
	rest := known.add(t, "rees46", Options{}, months("dec", "oct", "nov")...)
	if got := first.tally.Accepted + rest.tally.Accepted; got != 2851 {
		t.Errorf("one month and then all three make %d rows, want 2851", got)
	}
	compare(t, "all", log{}.add(t, "rees46", Options{}, months("oct", "nov", "dec")...).counted(),
		"2997 read, 2851 accepted, 146 duplicates, 0 rejected: 1252 viewed, 845 added, 497 removed, 18 ordered")
}

func TestRealSessions(t *testing.T) {
	for _, c := range []struct {
		path string
		want int
	}{{"serenade-example/train.txt.gz", 113_601}, {"serenade-example/test.txt", 1233}, {"rsc15-100k/yoochoose-clicks-100k_train_full.txt.gz", 70_278}} {
		known := log{}
		h := known.add(t, "sessions", Options{}, realFile(t, c.path))
		if want := (Tally{Read: c.want, Accepted: c.want}); h.tally != want {
			t.Errorf("%s: %+v, want %+v", c.path, h.tally, want)
		}
		for i, e := range h.events[1:] {
			if e.Occurred < h.events[i].Occurred {
				t.Fatalf("%s: event %d is earlier than the one before", c.path, i+1)
			}
		}
		again := known.add(t, "sessions", Options{}, realFile(t, c.path), realFile(t, c.path))
		if want := (Tally{Read: 2 * c.want, Duplicates: 2 * c.want}); again.tally != want {
			t.Errorf("%s twice again: %+v, want %+v", c.path, again.tally, want)
		}
	}
}

func TestRealInvoices(t *testing.T) {
	name := "online-retail-II/online_retail_II_2009_2010.csv.gz"
	known := log{}
	h := known.add(t, "online-retail", Options{}, realFile(t, name))
	kinds := map[sessions.Kind]int{}
	var sold, back int64
	for _, e := range h.events {
		kinds[e.Kind]++
		switch e.Kind {
		case sessions.OrderCompleted:
			sold += *e.Total
		case sessions.OrderRefunded:
			back += *e.Total
		}
	}
	reasons := map[string]int{}
	for _, r := range h.rejected {
		reasons[r.Code]++
	}
	got := fmt.Sprint(h.tally, kinds, reasons, sold, back)
	// Counted from the same file by a few lines in another language, with exact decimals.
	compare(t, "invoices", got, "{525461 518733 0 6728} map[order_completed:20573 order_refunded:4105 product_updated:7559] "+
		"map[invalid_amount:1529 invalid_id:3097 invalid_quantity:2102] 983796079 24779521")
	// A part of the same file, from some invoice on, adds nothing.
	part := realFile(t, name)
	body, err := io.ReadAll(part.Reader)
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := strings.Cut(string(body), "\n")
	middle := strings.Index(string(body), "\n506004,")
	if middle < 0 {
		t.Fatal("the file has no invoice 506004")
	}
	part.Reader = strings.NewReader(header + string(body[middle:]))
	if again := known.add(t, "online-retail", Options{}, part); len(again.events) != 0 {
		t.Errorf("a part again added %d events, the first %s", len(again.events), show(again.events[0]))
	}
}
