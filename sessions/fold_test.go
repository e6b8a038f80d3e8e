package sessions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

// TestSessionsAreTheSameHoweverTheyAreWritten folds random logs with random batches, writes, drops and
// restarts, and compares the rows with those of a fold in one go, and their cuts with naive ones.
func TestSessionsAreTheSameHoweverTheyAreWritten(t *testing.T) {
	dbs := map[string]*database.DB{"sqlite": testdb.SQLite(t), "postgres": testdb.Postgres(t)}
	rapid.Check(t, func(r *rapid.T) {
		events := drawHistory(r)
		rows := ""
		for _, name := range []string{"sqlite", "postgres"} {
			db := dbs[name]
			Wipe(t, db)
			foldAtOnce(t, db, events)
			whole := sessionRows(t, db)
			if rows == "" {
				rows = whole
			}
			if whole != rows {
				r.Fatalf("sqlite\n%s\npostgres\n%s", rows, whole)
			}
			Wipe(t, db)
			foldInSteps(t, r, db, events)
			if steps := sessionRows(t, db); steps != rows {
				r.Fatalf("%s: in one go\n%s\nin steps\n%s\n%s", name, rows, steps, Described(events))
			}
		}
		if got, want := storedCuts(t, dbs["sqlite"]), naiveCuts(events); got != want {
			r.Fatalf("cut as\n%s\nnaively\n%s\n%s", got, want, Described(events))
		}
	})
}

// drawHistory draws a log of few streams with late events, joins, campaigns and changed settings.
func drawHistory(t *rapid.T) []*Event {
	var events []*Event
	living := []VisitorID{1, 2, 3}
	now := Epoch
	for i := range rapid.IntRange(1, 50).Draw(t, "events") {
		draw := func(label string, n int) int { return rapid.IntRange(0, n).Draw(t, label) }
		now = now.Add(time.Duration(draw("pause", 50)) * time.Minute)
		late := time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 5, 25, 26}).Draw(t, "late")*draw("times", 30)) * time.Minute
		e := &Event{Seq: Seq(i + 4), Kind: Page, Source: Browser, Received: now, Occurred: now.Add(-late)}
		e.Visitor = living[draw("visitor", len(living)-1)]
		e.Anonymous = AnonymousID(fmt.Sprint(draw("stream", 2)))
		switch draw("special", 14) {
		case 0:
			e.Campaign = &Campaign{Name: fmt.Sprint(draw("campaign", 1))}
		case 1:
			e.Session = fmt.Sprint("s", draw("session", 1))
		case 2:
			e.Bot, e.Visitor = true, 0
		case 3:
			if len(living) > 1 {
				moved := living[len(living)-1]
				living = living[:len(living)-1]
				e.Visitor, e.Joined = living[draw("survivor", len(living)-1)], []VisitorID{moved}
			}
		case 4:
			e = ownSettings(e.Seq, now, time.Duration(10+25*draw("timeout", 4))*time.Minute)
		case 5:
			e.Kind, e.Lines = ProductViewed, []Line{{Product: ProductID(fmt.Sprint(draw("product", 9))), Quantity: 1}}
		}
		events = append(events, e)
	}
	return events
}

func ownSettings(seq Seq, now Millis, timeout time.Duration) *Event {
	s := DefaultSettings()
	s.SessionTimeout, s.SessionEvents = timeout, 8
	data, _ := json.Marshal(s)
	e := &Event{Seq: seq, Kind: SettingsChanged, Source: Ours, Received: now, Occurred: now}
	e.Data = data
	return e
}

func writeFold(t *testing.T, db *database.DB, f *fold) {
	t.Helper()
	rows, err := f.rows()
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), func(tx *gorm.DB) error { return f.write(tx, rows) }); err != nil {
		t.Fatal(err)
	}
	f.saved()
}

func foldAtOnce(t *testing.T, db *database.DB, events []*Event) {
	t.Helper()
	f := newFold(0, DefaultSettings())
	if err := f.add(db.Read(t.Context()), events); err != nil {
		t.Fatal(err)
	}
	writeFold(t, db, f)
}

func foldInSteps(t *testing.T, r *rapid.T, db *database.DB, events []*Event) {
	t.Helper()
	f := newFold(0, DefaultSettings())
	for done := 0; done < len(events); {
		n := rapid.IntRange(1, min(6, len(events)-done)).Draw(r, "batch")
		if err := f.add(db.Read(t.Context()), events[done:done+n]); err != nil {
			t.Fatal(err)
		}
		done += n
		switch rapid.SampledFrom([]string{"on", "on", "write", "drop", "restart", "crash"}).Draw(r, "then") {
		case "write":
			writeFold(t, db, f)
		case "drop":
			writeFold(t, db, f)
			f.drop(f.newest.Add(-time.Duration(rapid.IntRange(-1, 90).Draw(r, "idle")) * time.Minute))
		case "restart":
			writeFold(t, db, f)
			f = restarted(t, db)
		case "crash": // what was not written is folded again
			f = restarted(t, db)
			done = int(max(f.cursor, 3) - 3)
		}
	}
	writeFold(t, db, f)
}

func restarted(t *testing.T, db *database.DB) *fold {
	t.Helper()
	cursor, settings, err := loadCursor(db.Read(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return newFold(cursor, settings)
}

func sessionRows(t *testing.T, db *database.DB) string {
	t.Helper()
	return testdb.Rows(t, db, "SELECT * FROM sessions ORDER BY id") + testdb.Rows(t, db, "SELECT * FROM cursors")
}

// storedCuts tells of every session its visitor and its events.
func storedCuts(t *testing.T, db *database.DB) string {
	t.Helper()
	var rows []sessionRow
	if err := db.Read(t.Context()).Order("id").Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintln(&b, r.VisitorID, decodeSeqs(r.Seqs), r.StartedAt, r.EndedAt, r.LastReceivedAt)
	}
	return b.String()
}

// naiveCuts cuts a whole log in memory, by going through all sessions for every event. A session is the
// list of its events.
func naiveCuts(events []*Event) string {
	timeout, full := 30*time.Minute, 5000
	alias := func(v VisitorID, until int) VisitorID {
		for _, e := range events[:until] {
			if slices.Contains(e.Joined, v) {
				v = e.Visitor
			}
		}
		return v
	}
	var all [][]*Event
	for i, e := range events {
		if e.Kind == SettingsChanged {
			var s Settings
			_ = json.Unmarshal(e.Data, &s)
			timeout, full = s.SessionTimeout, s.SessionEvents
			continue
		}
		best := -1
		for n, session := range all {
			if session[0].Anonymous != e.Anonymous || session[0].Bot != e.Bot || session[0].Session != e.Session {
				continue
			}
			if e.Session != "" {
				best = n
				break
			}
			start, end := bounds(session)
			if e.Occurred < start.Add(-timeout) || e.Occurred > end.Add(timeout) {
				continue
			}
			if best < 0 || naivelyNearer(start, all[best], e.Occurred) {
				best = n
			}
		}
		if best >= 0 && e.Session == "" {
			start, end := bounds(append(slices.Clone(all[best]), e))
			if end-start > 24*60*60*1000 || len(all[best]) >= full || otherCampaign(all[best], e) ||
				alias(all[best][0].Visitor, i+1) != e.Visitor {
				best = -1
			}
		}
		if best < 0 {
			all = append(all, nil)
			best = len(all) - 1
		}
		all[best] = append(all[best], e)
	}
	var b strings.Builder
	for _, session := range all {
		start, end := bounds(session)
		received := slices.MaxFunc(session, func(a, b *Event) int { return int(a.Received - b.Received) }).Received
		fmt.Fprintln(&b, int64(alias(session[0].Visitor, len(events))), Seqs(session), int64(start), int64(end), int64(received))
	}
	return b.String()
}

func bounds(session []*Event) (start, end Millis) {
	start, end = session[0].Occurred, session[0].Occurred
	for _, e := range session {
		start, end = min(start, e.Occurred), max(end, e.Occurred)
	}
	return start, end
}

// naivelyNearer reports whether a session that starts at start, and arrived later than best, is rather
// the one of an event at t: the last that had begun by then, else the first to follow.
func naivelyNearer(start Millis, best []*Event, t Millis) bool {
	other, _ := bounds(best)
	if start <= t {
		return other > t || start >= other
	}
	return other > t && start <= other
}

func otherCampaign(session []*Event, e *Event) bool {
	if e.Campaign == nil {
		return false
	}
	for _, before := range session {
		if before.Campaign != nil {
			return before.Campaign.Name != e.Campaign.Name
		}
	}
	return true // the session began without one
}
