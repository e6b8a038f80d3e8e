package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

// read imports one file and returns its events.
func read(t *rapid.T, format, content string) []*sessions.Event {
	im, err := Open(format, []File{text("f", content)}, Options{Currency: "EUR", Events: 4})
	if err != nil {
		t.Fatal(err)
	}
	var events []*sessions.Event
	for b, err := range im.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, b.Events...)
	}
	return events
}

// TestClicksAgainstNaive reads random clicks and compares them with the rows
// sorted by time, nothing dropped.
func TestClicksAgainstNaive(t *testing.T) {
	type row struct{ session, item, time int }
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOf(rapid.Custom(func(t *rapid.T) row {
			small := rapid.IntRange(1, 3)
			return row{small.Draw(t, "session"), small.Draw(t, "item"), small.Draw(t, "time")}
		})).Draw(t, "rows")
		content := "SessionId\tItemId\tTime\n"
		for _, r := range rows {
			content += fmt.Sprintf("%d\t%d\t%d.5\n", r.session, r.item, r.time)
		}
		slices.SortStableFunc(rows, func(a, b row) int { return a.time - b.time })
		events := read(t, "sessions", content)
		if len(events) != len(rows) {
			t.Fatalf("%d events of %d rows", len(events), len(rows))
		}
		ids := map[string]bool{}
		for i, e := range events {
			got := row{number(t, e.Session), number(t, string(e.Lines[0].Product)), int(e.Occurred / 1000)}
			if got != rows[i] || e.Occurred%1000 != 500 || ids[e.MessageID] {
				t.Errorf("event %d is %+v with id %s, want %+v", i, got, e.MessageID, rows[i])
			}
			ids[e.MessageID] = true
		}
	})
}

// number reads what the test itself wrote.
func number(t *rapid.T, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestInvoicesAgainstNaive reads random invoices and compares, for each, its
// units and pounds with plain sums over the rows, and the names told with what a
// reader of the sorted rows would last have seen.
func TestInvoicesAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := "invoice,stock_code,description,quantity,invoice_date,price_gbp,customer_id,country\n"
		units, pence := map[string]int64{}, map[string]int64{}
		for range rapid.IntRange(0, 30).Draw(t, "rows") {
			number := rapid.IntRange(0, 5).Draw(t, "invoice")
			invoice, sign := strconv.Itoa(number), int64(1)
			if number > 3 {
				invoice, sign = "C"+invoice, -1
			}
			quantity, price := rapid.Int64Range(1, 9).Draw(t, "quantity"), rapid.Int64Range(1, 300).Draw(t, "price")
			code := rapid.SampledFrom([]string{"85048", "85049a", "85049A"}).Draw(t, "code")
			name := rapid.SampledFrom([]string{"", "RED", "BLUE"}).Draw(t, "name")
			// The minute follows from the invoice, so the rows of one stay together.
			content += fmt.Sprintf("%s,%s,%s,%d,2009-12-01 07:%02d:00,%d.%02d,,UK\n", invoice, code, name, sign*quantity, 10+number, price/100, price%100)
			units[invoice] += quantity
			pence[invoice] += quantity * price
		}
		checkInvoices(t, read(t, "online-retail", content), units, pence)
	})
}

// checkInvoices compares events with the sums of each invoice, and sees that a
// product's entries differ from one to the next and come before its first sale.
func checkInvoices(t *rapid.T, events []*sessions.Event, units, pence map[string]int64) {
	names := map[sessions.ProductID]string{}
	for _, e := range events {
		if e.Kind == sessions.ProductUpdated {
			if names[e.Product.ID] == e.Product.Name || e.Product.Name == "" {
				t.Errorf("%s is told again", show(e))
			}
			names[e.Product.ID] = e.Product.Name
			continue
		}
		invoice := string(e.Order)
		var sold int64
		for _, l := range e.Lines {
			sold += l.Quantity
			if strings.ToUpper(string(l.Product)) != string(l.Product) {
				t.Errorf("%s: code %s", invoice, l.Product)
			}
		}
		if refund := e.Kind == sessions.OrderRefunded; refund != strings.HasPrefix(invoice, "C") {
			t.Errorf("invoice %s is %s", invoice, e.Kind)
		}
		if sold != units[invoice] || *e.Total != pence[invoice] || e.Session != invoice || string(e.Anonymous) != invoice {
			t.Errorf("invoice %s: %d units, %d pence; want %d, %d", show(e), sold, *e.Total, units[invoice], pence[invoice])
		}
		delete(units, invoice)
	}
	if len(units) > 0 {
		t.Errorf("invoices without an event: %v", units)
	}
}

// TestNamesThatComeBack has a product named RED, BLUE and RED again: the
// catalog must end with RED, and a part of the file must tell nothing new, though
// its first rows have other prices than those told.
func TestNamesThatComeBack(t *testing.T) {
	rows := []string{
		"1,85048,RED,1,2009-12-01 07:00:00,1.00,,UK",
		"2,85048,RED,1,2009-12-01 08:00:00,2.00,,UK",
		"3,85048,BLUE,1,2009-12-01 09:00:00,3.00,,UK",
		"4,85048,RED,1,2009-12-01 10:00:00,4.00,,UK",
		"C5,85048,lost,-1,2009-12-01 11:00:00,4.00,,UK",
	}
	file := func(rows []string) File {
		return text("f", "invoice,stock_code,description,quantity,invoice_date,price_gbp,customer_id,country\n"+strings.Join(rows, "\n"))
	}
	known := log{}
	var told []string
	for _, e := range known.add(t, "online-retail", Options{}, file(rows)).events {
		if e.Kind == sessions.ProductUpdated {
			told = append(told, fmt.Sprintf("%s %d", e.Product.Name, *e.Product.Price))
		}
	}
	if !slices.Equal(told, []string{"RED 100", "BLUE 300", "RED 400"}) {
		t.Errorf("told %v", told)
	}
	for from := range rows {
		for to := from; to <= len(rows); to++ {
			if h := known.add(t, "online-retail", Options{}, file(rows[from:to])); len(h.events) != 0 {
				t.Errorf("rows %d to %d add %s", from, to, h.lines())
			}
		}
	}
}
