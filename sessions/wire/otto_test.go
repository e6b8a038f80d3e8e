package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"cartwright/sessions"
)

func TestOtto(t *testing.T) {
	h := log{}.add(t, "otto", Options{Latest: at("2022-12-31T00:00:00Z")}, text("a.jsonl",
		`{"session":12,"events":[{"aid":5,"ts":1659304800025,"type":"clicks"},{"aid":5,"ts":1659304801000,"type":"carts"},`+
			`{"aid":7,"ts":1659304803000,"type":"orders"},{"aid":5,"ts":1659304803000,"type":"orders"},{"aid":7,"ts":1659304803000,"type":"orders"},`+
			`{"aid":6,"ts":1659304809000,"type":"orders"},{"aid":5,"ts":1659304801000,"type":"carts"}]}`+"\n"+
			`{"session":11,"events":[{"aid":9007199254740993,"ts":1659304800,"type":"clicks"},{"aid":6,"ts":1659304803000,"type":"orders"}]}`+"\n"+
			`{"session":10,"events":[]}`+"\n"))
	compare(t, "events", h.lines(), `22:00:00 product_viewed {"anonymous_id":"11","session":"11","lines":[{"product_id":"9007199254740993","quantity":1}]} (1)
22:00:00.025 product_viewed {"anonymous_id":"12","session":"12","lines":[{"product_id":"5","quantity":1}]} (1)
22:00:01 product_added {"anonymous_id":"12","session":"12","lines":[{"product_id":"5","quantity":1}]} (1)
22:00:01 product_added {"anonymous_id":"12","session":"12","lines":[{"product_id":"5","quantity":1}]} (1)
22:00:03 order_completed {"anonymous_id":"12","session":"12","order_id":"12@1659304803000","lines":[{"product_id":"7","quantity":2},{"product_id":"5","quantity":1}]} (3)
22:00:03 order_completed {"anonymous_id":"11","session":"11","order_id":"11@1659304803000","lines":[{"product_id":"6","quantity":1}]} (1)
22:00:09 order_completed {"anonymous_id":"12","session":"12","order_id":"12@1659304809000","lines":[{"product_id":"6","quantity":1}]} (1)
`)
	if want := (Tally{Read: 9, Accepted: 9}); h.tally != want {
		t.Errorf("tally %+v, want %+v", h.tally, want)
	}
}

func TestOttoRejects(t *testing.T) {
	good := `{"aid":5,"ts":1659304800025,"type":"clicks"}`
	h := log{}.add(t, "otto", Options{Latest: at("2022-12-31T00:00:00Z")}, text("a.jsonl", strings.Join([]string{
		`{"session":1,"events":[` + good + `]}`,
		`{"session":1,"events":[` + good,
		`{"session":1}`,
		`{"events":[` + good + `]}`,
		`{"session":"` + strings.Repeat("s", 256) + `","events":[]}`,
		`{"session":2,"events":[{"ts":1659304800025,"type":"clicks"},{"aid":5,"type":"clicks"},{"aid":5,"ts":"noon","type":"clicks"},` +
			`{"aid":5,"ts":1659304800025},{"aid":5,"ts":1900000000000,"type":"carts"},null,` + good + `]}`,
		"{\"session\":3,\"events\":[],\"x\":\"\xff\"}",
		`[]`,
	}, "\n")))
	compare(t, "rejected", h.refusals(), "2 invalid_json, 3 invalid_json, 4 invalid_id, 5 invalid_id, 6 invalid_id, 6 invalid_time, "+
		"6 invalid_time, 6 unknown_type, 6 invalid_time, 6 invalid_json, 7 invalid_text, 8 invalid_json")
	if want := (Tally{Read: 14, Accepted: 2, Rejected: 12}); h.tally != want {
		t.Errorf("tally %+v, want %+v", h.tally, want)
	}
	if r := h.rejected[6]; !strings.HasPrefix(r.Reason, "a.jsonl, line 6: ts ") || string(r.Body) != `{"aid":5,"ts":"noon","type":"clicks"}` {
		t.Errorf("reason %q, body %q", r.Reason, r.Body)
	}
}

// The oracle knows the form and nothing of the reader.
func TestOttoCountsAsTheOracle(t *testing.T) {
	content, err := io.ReadAll(realFile(t, "otto-sample", "train.jsonl").Reader)
	if err != nil {
		t.Fatal(err)
	}
	n, orders := map[string]int{}, map[string]bool{}
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
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
		for _, e := range s.Events {
			n[e.Type]++
			if e.Type == "orders" {
				orders[fmt.Sprint(s.Session, e.TS)] = true
			}
		}
	}
	rows := n["clicks"] + n["carts"] + n["orders"]
	want := fmt.Sprintf("%d read, %d accepted, 0 duplicates, 0 rejected: %d viewed, %d added, 0 removed, %d ordered",
		rows, rows, n["clicks"], n["carts"], len(orders))
	known := log{}
	once := known.add(t, "otto", Options{Memory: 4 << 10}, text("a", string(content)))
	compare(t, "counts", once.counted(), want)
	if !slices.IsSortedFunc(once.events, func(a, b *sessions.Event) int { return int(a.Occurred - b.Occurred) }) {
		t.Error("the events are not in the order of their times")
	}
	again := known.add(t, "otto", Options{}, text("b", string(content)), text("c", string(content)))
	if want := (Tally{Read: 2 * rows, Duplicates: 2 * rows}); again.tally != want {
		t.Errorf("again: %+v, want %+v", again.tally, want)
	}
}

// repeating is a file of n generated lines, made while it is read.
func repeating(n int, line func(i int) string) File {
	from, to := io.Pipe()
	go func() {
		w := bufio.NewWriter(to)
		for i := range n {
			_, _ = w.WriteString(line(i)) // an error shows on closing
		}
		_ = to.CloseWithError(w.Flush())
	}()
	return File{"generated", from}
}

// pageLine is an item of the format segment, at a time far from its neighbours'.
func pageLine(i int) string {
	return fmt.Sprintf(`{"type":"page","anonymousId":"a%d","timestamp":%d,"messageId":"m%d","context":{"page":{"path":"/%s"}}}`+"\n",
		i, 1_600_000_000_000+int64(i)*7_919%1_000_003, i, strings.Repeat("x", 100))
}

// sessionsLine is an otto session of one click.
func sessionsLine(i int) string {
	return fmt.Sprintf(`{"session":%d,"events":[{"aid":%d,"ts":%d,"type":"clicks"}]}`+"\n", i, i, 1_600_000_000_000+int64(i)*7_919%1_000_003)
}

// Memory does not grow with the rows: four times as many take hardly more.
func TestSortedImportsAreBounded(t *testing.T) {
	for format, line := range map[string]func(int) string{"segment": pageLine, "otto": sessionsLine} {
		t.Run(format, func(t *testing.T) {
			const memory = 1 << 20
			few, many := heapOf(t, format, 50_000, memory, line), heapOf(t, format, 200_000, memory, line)
			t.Logf("heap at most %d KB with 50,000 rows, %d KB with 200,000", few>>10, many>>10)
			if many > few+(2<<20) {
				t.Errorf("heap of %d KB with 200,000 rows, %d KB with 50,000", many>>10, few>>10)
			}
			// The control holds all rows, and so must be seen to grow.
			if held := heapOf(t, format, 200_000, 1<<30, line); held < few+(4<<20) {
				t.Errorf("heap of %d KB with 200,000 rows that are all held: the measurement sees nothing", held>>10)
			}
		})
	}
}

// heapOf imports n rows and returns the most memory that was in use after a
// collection between batches.
func heapOf(t *testing.T, format string, n, memory int, line func(int) string) (most uint64) {
	t.Helper()
	im, err := Open(format, []File{repeating(n, line)}, Options{Currency: "EUR", Memory: memory, Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	batches, events := 0, 0
	var last sessions.Millis
	for b, err := range im.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Events {
			if e.Occurred < last {
				t.Fatalf("an event of %d follows one of %d", e.Occurred, last)
			}
			last = e.Occurred
		}
		events += len(b.Events)
		if batches++; batches%(n/10_000) == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if events != n {
		t.Errorf("%d events of %d rows", events, n)
	}
	return most
}

// A reader who leaves, as a command does that is stopped, leaves no file behind.
func TestLeavingAnImportCleansUp(t *testing.T) {
	folder := t.TempDir()
	im, err := Open("segment", []File{repeating(3000, pageLine)}, Options{Currency: "EUR", Memory: 1 << 16, Folder: folder, Events: 100})
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range im.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Events) > 0 {
			break
		}
	}
	wantEmpty(t, folder)
}
