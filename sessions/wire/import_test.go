package wire

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"cartwright/sessions"
)

// history is what an import read, gathered, with the append's part played by a
// set of message ids.
type history struct {
	events   []*sessions.Event
	rows     []int
	rejected []sessions.Rejected
	tally    Tally
}

// log is what was imported before.
type log map[string]bool

// add imports files into the log.
func (l log) add(t *testing.T, format string, o Options, files ...File) history {
	t.Helper()
	if o.Currency == "" {
		o.Currency = "EUR"
	}
	im, err := Open(format, files, o)
	if err != nil {
		t.Fatal(err)
	}
	var h history
	for b, err := range im.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		h.take(t, b, l)
	}
	if sum := h.tally.Accepted + h.tally.Duplicates + h.tally.Rejected; sum != h.tally.Read {
		t.Errorf("tally %+v does not add up: %d", h.tally, sum)
	}
	return h
}

// take appends one batch as the log would.
func (h *history) take(t *testing.T, b Batch, known log) {
	t.Helper()
	var r sessions.Receipt
	for i, e := range b.Events {
		if e.Source != sessions.Imported || e.Received != e.Occurred || e.MessageID == "" {
			t.Errorf("event %s of source %q, received %d, occurred %d, id %q", show(e), e.Source, e.Received, e.Occurred, e.MessageID)
		}
		if known[e.MessageID] {
			r.Duplicates = append(r.Duplicates, i)
			continue
		}
		known[e.MessageID] = true
		h.events, h.rows = append(h.events, e), append(h.rows, b.Rows[i])
	}
	h.rejected = append(h.rejected, b.Rejected...)
	h.tally = h.tally.Add(b.Tally(r))
}

// lines renders the events as "time kind payload (rows)", without the ids that
// are digests.
func (h history) lines() string {
	var b strings.Builder
	for i, e := range h.events {
		shown := *e
		shown.MessageID = ""
		fmt.Fprintf(&b, "%s %s (%d)\n", e.Occurred.Time().Format("15:04:05.999"), show(&shown), h.rows[i])
	}
	return b.String()
}

// refusals renders the rejected rows as "line code".
func (h history) refusals() string {
	var list []string
	for _, r := range h.rejected {
		list = append(list, fmt.Sprintf("%d %s", r.Index, r.Code))
	}
	return strings.Join(list, ", ")
}

func text(name, content string) File { return File{name, strings.NewReader(content)} }

// compare fails with both texts where they differ.
func compare(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got\n%s\nwant\n%s", what, got, want)
	}
}

const rees46Header = "event_time,event_type,product_id,price,user_id,user_session\n"

func TestRees46(t *testing.T) {
	h := log{}.add(t, "rees46", Options{}, text("a.csv", "\uFEFF"+rees46Header+
		"2022-10-01 00:01:00 UTC,purchase,1,2.505,7,s\r\n"+
		"2022-10-01 00:00:05 UTC,cart,1,2.505,7,s\n"+
		"2022-10-01 00:00:00 UTC,view,1,,7,\n"+
		"\n"+
		"2022-10-01 00:00:05 UTC,cart,1,2.505,7,s\n"+ // again: one event
		"2022-10-01 00:00:05 UTC,cart,1,2.505,7,other\n"+ // another session is another row
		"2022-10-01 00:01:59 UTC,purchase,2,-1,7,s\n"+
		"2022-10-01 00:01:30 UTC,purchase,1,2.505,7,s\n"+
		"2022-10-01 00:02:00 UTC,purchase,3,1,7,s\n"+
		"2022-10-01 00:01:40 UTC,purchase,3,1,8,\n"+
		"2022-10-01 00:01:45 UTC,purchase,3,1,9,\n"+
		"2022-10-01 00:03:00 UTC,remove_from_cart,3,1,7,s"))
	compare(t, "events", h.lines(), `00:00:00 product_viewed {"user_id":"7","currency":"EUR","lines":[{"product_id":"1","quantity":1}]} (1)
00:00:05 product_added {"user_id":"7","currency":"EUR","lines":[{"product_id":"1","quantity":1,"unit_price":251}]} (1)
00:00:05 product_added {"user_id":"7","currency":"EUR","lines":[{"product_id":"1","quantity":1,"unit_price":251}]} (1)
00:01:00 order_completed {"user_id":"7","order_id":"s@2022-10-01T00:01Z","currency":"EUR","lines":[{"product_id":"1","quantity":2,"unit_price":251},{"product_id":"2","quantity":1}]} (3)
00:01:40 order_completed {"user_id":"8","order_id":"8@2022-10-01T00:01Z","currency":"EUR","lines":[{"product_id":"3","quantity":1,"unit_price":100}],"total":100} (1)
00:01:45 order_completed {"user_id":"9","order_id":"9@2022-10-01T00:01Z","currency":"EUR","lines":[{"product_id":"3","quantity":1,"unit_price":100}],"total":100} (1)
00:02:00 order_completed {"user_id":"7","order_id":"s@2022-10-01T00:02Z","currency":"EUR","lines":[{"product_id":"3","quantity":1,"unit_price":100}],"total":100} (1)
00:03:00 product_removed {"user_id":"7","currency":"EUR","lines":[{"product_id":"3","quantity":1,"unit_price":100}]} (1)
`)
	if want := (Tally{Read: 11, Accepted: 10, Duplicates: 1}); h.tally != want {
		t.Errorf("tally %+v, want %+v", h.tally, want)
	}
}

func TestRees46Rejects(t *testing.T) {
	h := log{}.add(t, "rees46", Options{Latest: at("2022-12-31T00:00:00Z")}, text("a.csv", rees46Header+
		"2022-10-01 00:00:00 UTC,view,1,1,7\n"+
		"yesterday,view,1,1,7,s\n"+
		"2022-10-01 00:00:00 UTC,stare,1,1,7,s\n"+
		"2022-10-01 00:00:00 UTC,view,,1,7,s\n"+
		"2022-10-01 00:00:00 UTC,view,1,1,x7,s\n"+
		"2023-01-01 00:00:00 UTC,view,1,1,7,s\n"+
		"2022-10-01 00:00:00 UTC,view,1,1,7,s\xff\n"+
		"2022-10-01 00:00:00 UTC,view,1,\"1,7,s\n"+
		"2022-10-01 00:00:00 UTC,view,1,1,7,"+strings.Repeat("s", 2*maxLine)+"\n"+
		"2022-10-01 00:00:00 UTC,view,1,1,7,s,more\n"))
	compare(t, "rejected", h.refusals(), "2 fewer_fields, 3 invalid_time, 4 unknown_type, 5 invalid_id, 6 invalid_id, 7 invalid_time, "+
		"8 invalid_text, 9 fewer_fields, 10 invalid_id")
	if want := (Tally{Read: 10, Accepted: 1, Rejected: 9}); h.tally != want {
		t.Errorf("tally %+v, want %+v", h.tally, want)
	}
	if r := h.rejected[0]; !strings.HasPrefix(r.Reason, "a.csv, line 2: ") || string(r.Body) != "2022-10-01 00:00:00 UTC,view,1,1,7" {
		t.Errorf("reason %q, body %q", r.Reason, r.Body)
	}
}

func TestRees46ColumnsFollowTheHeader(t *testing.T) {
	h := log{}.add(t, "rees46", Options{}, text("a.csv", "user_id,brand,event_time,price,user_session,event_type,product_id\n"+
		"7,\"x, \"\"y\"\"\",2022-10-01 00:00:00 UTC,1,s,view,5\n"))
	compare(t, "events", h.lines(), `00:00:00 product_viewed {"user_id":"7","currency":"EUR","lines":[{"product_id":"5","quantity":1,"unit_price":100}]} (1)`+"\n")
}

func TestSessions(t *testing.T) {
	h := log{}.add(t, "sessions", Options{}, text("a.txt", "SessionId\tItemId\tTime\n"+
		"2\t9\t1396860670\n1\t5\t1396860669.2774\n1\t6\t1396860669.2774\n1\t5\t1396860669.277\n1\t5\n\t5\t1\n1\t\t1\n1\t5\tnoon\n"))
	compare(t, "events", h.lines(), `08:51:09.277 product_viewed {"anonymous_id":"1","session":"1","lines":[{"product_id":"5","quantity":1}]} (1)
08:51:09.277 product_viewed {"anonymous_id":"1","session":"1","lines":[{"product_id":"6","quantity":1}]} (1)
08:51:09.277 product_viewed {"anonymous_id":"1","session":"1","lines":[{"product_id":"5","quantity":1}]} (1)
08:51:10 product_viewed {"anonymous_id":"2","session":"2","lines":[{"product_id":"9","quantity":1}]} (1)
`)
	compare(t, "rejected", h.refusals(), "6 fewer_fields, 7 invalid_id, 8 invalid_id, 9 invalid_time")
}

func TestOnlineRetail(t *testing.T) {
	h := log{}.add(t, "online-retail", Options{}, text("a.csv", "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"+
		"2,85048,LIGHTS,1,2009-12-01 08:01:30,1.005,,United Kingdom\n"+
		"1,79323p,\"RED \"\"7\"\" LIGHTS\",2,2009-12-01 07:45:00,6.75,13085,France\n"+
		"1,79323P,\"RED \"\"7\"\" LIGHTS\",3,2009-12-01 07:45:00,6.75,13085,France\n"+
		"1,79323P,\"RED \"\"7\"\" LIGHTS\",3,2009-12-01 07:45:00,6.75,13085,France\n"+
		"1,79323P,,1,2009-12-01 07:46:00,5,13085,France\n"+
		"c3,85048,?,-4,2009-12-02 00:00:00,1,13085,France\n"+
		"1,POST,POSTAGE,1,2009-12-01 07:45:00,18,13085,France\n"+
		"1,85048,LIGHTS,-1,2009-12-01 07:45:00,1,13085,France\n"+
		"C3,85048,LIGHTS,1,2009-12-01 07:45:00,1,13085,France\n"+
		"1,85048,LIGHTS,1,2009-12-01 07:45:00,0,13085,France\n"+
		"1,85048,LIGHTS,1,2009-12-01,1,13085,France\n"+
		",85048,LIGHTS,1,2009-12-01 07:45:00,1,13085,France\n"+
		"1,85048\n"))
	compare(t, "events", h.lines(), `07:45:00 product_updated {"product":{"product_id":"79323P","name":"RED \"7\" LIGHTS","price":675,"currency":"GBP"}} (0)
07:45:00 order_completed {"user_id":"13085","session":"1","order_id":"1","currency":"GBP","lines":[{"product_id":"79323P","quantity":8,"unit_price":675},{"product_id":"79323P","quantity":1,"unit_price":500}],"total":5900} (4)
08:01:00 product_updated {"product":{"product_id":"85048","name":"LIGHTS","price":101,"currency":"GBP"}} (0)
08:01:00 order_completed {"anonymous_id":"2","session":"2","order_id":"2","currency":"GBP","lines":[{"product_id":"85048","quantity":1,"unit_price":101}],"total":101} (1)
00:00:00 order_refunded {"user_id":"13085","session":"C3","order_id":"C3","currency":"GBP","lines":[{"product_id":"85048","quantity":4,"unit_price":100}],"total":400} (1)
`)
	compare(t, "rejected", h.refusals(), "8 invalid_id, 9 invalid_quantity, 10 invalid_quantity, 11 invalid_amount, 12 invalid_time, 13 invalid_id, 14 fewer_fields")
	if got := string(h.events[1].Properties); got != `{"country":"France"}` {
		t.Errorf("properties %s", got)
	}
}

func TestArchive(t *testing.T) {
	content := `{"type":"page","anonymousId":"a","timestamp":"2026-11-23T20:00:02Z"}
{"type":"page","anonymousId":"a","timestamp":"2026-11-23T20:00:01Z","messageId":"m"}
{"type":"track","event":"Product Viewed","userId":"u","originalTimestamp":"2026-11-23T21:00:00Z","sentAt":"2026-11-23T21:00:05Z","receivedAt":"2026-11-23T20:00:05Z","properties":{"sku":"s"}}
{"type":"page","anonymousId":"a","receivedAt":"2026-11-23T20:00:09Z"}
{"type":"page","anonymousId":"a"}
{"type":"page"}
{"type":"page","anonymousId":"a","timestamp":"2027-01-01T00:00:00Z"}
{"type":"page","anonymousId":"a","timestamp":"2026-11-23T20:00:02Z"}
`
	var enriched int
	o := Options{Latest: received.Add(60e9), Events: 2, Enrich: func(e *sessions.Event, _ Client) {
		enriched++
		if e.Received != e.Occurred {
			t.Errorf("enriched with received %d, occurred %d", e.Received, e.Occurred)
		}
	}}
	h := log{}.add(t, "segment", o, text("a.ndjson", content))
	compare(t, "events", h.lines(), fmt.Sprintf(`20:00:00 product_viewed {"name":"Product Viewed","user_id":"u","lines":[{"product_id":"s","quantity":1}],"original_at":%d,"sent_at":%d} (1)
20:00:01 page {"anonymous_id":"a","original_at":%d} (1)
20:00:02 page {"anonymous_id":"a","original_at":%d} (1)
20:00:09 page {"anonymous_id":"a"} (1)
`, received+3_600_000, received+3_605_000, received+1000, received+2000))
	compare(t, "rejected", h.refusals(), "5 invalid_time, 6 identity_missing, 7 invalid_time")
	if want := (Tally{Read: 8, Accepted: 4, Duplicates: 1, Rejected: 3}); h.tally != want || enriched != 5 {
		t.Errorf("tally %+v, want %+v; enriched %d", h.tally, want, enriched)
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := Open("parquet", nil, Options{Currency: "EUR"}); !errors.Is(err, ErrFormat) {
		t.Errorf("an unknown format: %v", err)
	}
	if _, err := Open("rees46", nil, Options{Currency: "EURO"}); err == nil {
		t.Error("an unknown currency was taken")
	}
	for _, format := range Formats() {
		if _, err := Open(format, nil, Options{Currency: "EUR"}); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestImportFails(t *testing.T) {
	broken := errors.New("broken")
	for what, f := range map[string]File{
		"read a: the file is empty":        text("a", ""),
		"read b: the header has no column": text("b", "event_time,event_type\n"),
		"read c, line 3: broken": {"c", io.MultiReader(strings.NewReader(rees46Header+"2022-10-01 00:00:00 UTC,view,1,1,7,s\nhalf"),
			iotest.ErrReader(broken))},
	} {
		im, err := Open("rees46", []File{f}, Options{Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		var last error
		for _, last = range im.Batches() {
		}
		if last == nil || !strings.Contains(last.Error(), what) {
			t.Errorf("%v, want %s", last, what)
		}
	}
}

func TestBatchesAreBoundedAndMayBeLeft(t *testing.T) {
	content := rees46Header + strings.Repeat("x\n", 25)
	for i := range 25 {
		content += fmt.Sprintf("2022-10-01 00:00:00 UTC,view,%d,1,7,s\n", i)
	}
	im, err := Open("rees46", []File{text("a", content)}, Options{Currency: "EUR", Events: 10})
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for b := range im.Batches() {
		if b.Format != "rees46" || len(b.Events) != len(b.Rows) {
			t.Errorf("batch of format %q: %d events, %d rows", b.Format, len(b.Events), len(b.Rows))
		}
		sizes = append(sizes, max(len(b.Events), len(b.Rejected)))
		if len(sizes) == 4 {
			break
		}
	}
	if !slices.Equal(sizes, []int{10, 10, 10, 10}) {
		t.Errorf("batches of %v", sizes)
	}
}

func TestTallyCountsRowsTheDatabaseRefused(t *testing.T) {
	b := Batch{Rows: []int{3, 0, 2}, Read: 9, Repeated: 1}
	b.Rejected = make([]sessions.Rejected, 3)
	got := b.Tally(sessions.Receipt{Duplicates: []int{0, 1}, Rejected: []sessions.Rejected{{Index: 2}}})
	if want := (Tally{Read: 9, Accepted: 0, Duplicates: 4, Rejected: 5}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
