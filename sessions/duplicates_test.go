package sessions_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// clock is a time that a test moves.
type clock struct{ elapsed atomic.Int64 }

func (c *clock) now() time.Time          { return sessions.Epoch.Time().Add(time.Duration(c.elapsed.Load())) }
func (c *clock) advance(d time.Duration) { c.elapsed.Add(int64(d)) }

// send appends one event of a line to a log and reports whether it was a duplicate.
func send(t *testing.T, log *sessions.Log, format, line string) (duplicate bool) {
	t.Helper()
	receipt, err := log.Append(context.Background(), sessions.Batch{Events: sessions.ToldAll(t, line), Format: format})
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Accepted+len(receipt.Duplicates) != 1 {
		t.Fatalf("%s: receipt %+v", line, receipt)
	}
	return receipt.Accepted == 0
}

func TestDuplicatesAreFoundPerClassAndFormat(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		steps := []struct {
			format, line string
			duplicate    bool
		}{
			{"", "browser page a:1 m:x", false},
			{"", "browser page a:1 m:x", true},
			{"", "browser product_viewed a:2 m:x", true}, // the first body wins
			{"", "backend page a:1 m:x", false},          // nobody with a public key takes a backend's id
			{"", "backend page a:1 m:x", true},
			{"rees46", "import page a:1 m:x", false},
			{"rees46", "import page a:1 m:x", true},
			{"otto", "import page a:1 m:x", false},
			{"", "browser page a:1", false},
			{"", "browser page a:1", false}, // without an id nothing is a duplicate
		}
		for i, s := range steps {
			if got := send(t, log, s.format, s.line); got != s.duplicate {
				t.Errorf("step %d, %s %q: duplicate %v, want %v", i, s.line, s.format, got, s.duplicate)
			}
		}
		// A log that opens later, in this process or another, knows the same.
		again := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		for i, s := range steps[:8] {
			if !send(t, again, s.format, s.line) {
				t.Errorf("step %d, %s %q: forgotten after a restart", i, s.line, s.format)
			}
		}
	})
}

// A message that has two ids is a duplicate by either, also in another process.
func TestDuplicatesAreFoundByASecondID(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		for i, s := range []struct {
			id, also  string
			duplicate bool
		}{{"delivery 1", "content a", false}, {"delivery 2", "content a", true}, {"delivery 1", "content b", true}, {"delivery 2", "content b", false}} {
			for again, opened := range []*sessions.Log{log, sessions.OpenTestLog(t, db, sessions.LogOptions{})} {
				events := sessions.ToldAll(t, "backend page a:1 m:x")
				events[0].MessageID, events[0].Also = s.id, s.also
				receipt, err := opened.Append(context.Background(), sessions.Batch{Events: events})
				if err != nil || (len(receipt.Duplicates) == 1) != (s.duplicate || again == 1) {
					t.Errorf("step %d, log %d: %+v, %v", i, again, receipt, err)
				}
			}
		}
	})
}

func TestDuplicatesAreForgottenByCommitTimeOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		clock := &clock{}
		options := sessions.LogOptions{Now: clock.now, Window: time.Hour}
		log := sessions.OpenTestLog(t, db, options)
		prune := func() {
			t.Helper()
			if _, err := log.Prune(context.Background(), database.Lease{}); err != nil {
				t.Fatal(err)
			}
			log.Forget()
		}
		expectDuplicate := func(want bool, format, line string) {
			t.Helper()
			if got := send(t, log, format, line); got != want {
				t.Errorf("at %s, %s: duplicate %v, want %v", clock.now().Format(time.TimeOnly), line, got, want)
			}
		}
		expectDuplicate(false, "", "browser page a:1 m:new")
		expectDuplicate(false, "", "browser page a:1 m:old t:-9000h r:-9000h") // its own time says nothing
		expectDuplicate(false, "rees46", "import page a:1 m:kept t:-9000h r:-9000h")
		clock.advance(time.Hour)
		prune()
		expectDuplicate(true, "", "browser page a:1 m:new")
		expectDuplicate(true, "", "browser page a:1 m:old")
		clock.advance(time.Millisecond)
		prune()
		expect(t, db, "SELECT format, COUNT(*) AS n FROM hashes GROUP BY format", "format n\nrees46 1")
		expectDuplicate(false, "", "browser page a:1 m:new")
		clock.advance(100_000 * time.Hour)
		prune()
		expectDuplicate(true, "rees46", "import page a:1 m:kept")
		log = sessions.OpenTestLog(t, db, options)
		expectDuplicate(true, "rees46", "import page a:1 m:kept")
	})
}

func TestAnIDThatCameAgainIsKeptForAWholeWindow(t *testing.T) {
	// A pruned replica takes an id again that another one still holds in memory. Its second
	// commit counts: the first one leaving must not open a gap.
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		clock := &clock{}
		options := sessions.LogOptions{Now: clock.now, Window: time.Hour}
		lazy := sessions.OpenTestLog(t, db, options)
		send(t, lazy, "", "browser page a:1 m:x")
		clock.advance(61 * time.Minute)
		eager := sessions.OpenTestLog(t, db, options)
		if send(t, eager, "", "browser page a:1 m:x") {
			t.Fatal("the window is over and the id still known")
		}
		if !send(t, lazy, "", "browser page a:1 m:x") {
			t.Fatal("the id was taken twice")
		}
		lazy.Forget()
		if !send(t, lazy, "", "browser page a:1 m:x") {
			t.Error("the id was forgotten with its first commit, though a second one is in the window")
		}
	})
}

func TestTwoLogsOnOneDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		one := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		two := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		for i, line := range []string{
			"browser page a:1 m:1", "browser page a:1 m:2", "browser identify a:1 c:ann m:3", "browser page a:2 m:4",
			"browser identify a:2 c:ann m:5", "browser page a:2 m:6", "import page a:9 m:7", "import page a:9 m:8",
		} {
			format := ""
			if i >= 6 {
				format = "rees46"
			}
			writer, other := one, two
			if i%2 == 1 {
				writer, other = two, one
			}
			if send(t, writer, format, line) {
				t.Errorf("%s: a duplicate the first time", line)
			}
			if !send(t, other, format, line) {
				t.Errorf("%s: not found by the other log", line)
			}
			want := sessions.Described(since(t, writer, 0, 100))
			if got := sessions.Described(since(t, other, 0, 100)); got != want {
				t.Errorf("the other log shows\n%s\nwant\n%s", got, want)
			}
		}
		if got := sessions.Seqs(since(t, one, 0, 100)); !slices.Equal(got, []sessions.Seq{1, 2, 3, 4, 5, 6, 7, 8}) {
			t.Errorf("seqs %v", got)
		}
		expect(t, db, "SELECT id, merged_into, customer_id FROM visitors ORDER BY id", `
			id merged_into customer_id
			1 0 ann
			4 1 ""
			7 0 ""`)
	})
}

func TestALogForgetsWhomAnotherOneMoved(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		one := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		two := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		sessions.AppendAll(t, one, sessions.Told(t, "browser identify a:tablet c:ann"))
		sessions.AppendAll(t, two, sessions.Told(t, "browser identify a:tablet c:bob"))
		e := sessions.Told(t, "browser page a:tablet")
		if sessions.AppendAll(t, one, e); e.Visitor != 2 {
			t.Errorf("the tablet is visitor %d's, want bob's, 2", e.Visitor)
		}
	})
}
