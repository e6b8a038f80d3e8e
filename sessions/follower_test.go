package sessions_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// startFollower starts a follower that stops when the test ends.
func startFollower(t *testing.T, db *database.DB, log *sessions.Log, logger *slog.Logger) *sessions.Follower {
	t.Helper()
	f := sessions.NewFollower(db, log, logger)
	if err := f.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func waitFor(t *testing.T, f *sessions.Follower, seq sessions.Seq) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := f.WaitFor(ctx, seq); err != nil {
		t.Fatalf("sessions are written up to %d, not %d: %v", f.Cursor(), seq, err)
	}
}

const sessionRows = "SELECT id, stream, visitor_id, events, last_seq FROM sessions ORDER BY id"

func TestFollowerWritesOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{Now: time.Now})
		f := startFollower(t, db, log, nil)
		synctest.Wait()
		began, moves, last := time.Now(), 0, sessions.Seq(0)
		for range 50 { // five seconds, ten events a second
			sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1"))
			time.Sleep(100 * time.Millisecond)
			if cursor := f.Cursor(); cursor != last {
				moves, last = moves+1, cursor
			}
		}
		if moves < 4 || moves > 6 {
			t.Errorf("%d writes in %s", moves, time.Since(began))
		}
		time.Sleep(1100 * time.Millisecond)
		if f.Cursor() != 50 {
			t.Errorf("the cursor is at %d a second after the last event", f.Cursor())
		}

		// Whoever waits for a write does not wait for its turn.
		sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1"))
		began = time.Now()
		waitFor(t, f, 51)
		if waited := time.Since(began); waited > 10*time.Millisecond {
			t.Errorf("waited %s for a write", waited)
		}
		f.Close()
		log.Close()
	})
}

func TestFollowerGoesOnFromItsCursor(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		f := startFollower(t, db, log, nil)
		sessions.AppendAll(t, log, sessions.ToldAll(t, "browser page a:1\nbrowser page a:2 t:1m")...)
		waitFor(t, f, 2)
		f.Close()
		sessions.AppendAll(t, log, sessions.ToldAll(t, "browser page a:1 t:5m\nbrowser identify a:2 c:ann t:6m\nbrowser identify a:1 c:ann t:7m")...)
		expect(t, db, sessionRows, "id stream visitor_id events last_seq\n1 a:1 1 1 1\n2 a:2 2 1 2")

		again := sessions.OpenTestLog(t, db, sessions.LogOptions{}) // another process, after a crash
		waitFor(t, startFollower(t, db, again, nil), 5)
		expect(t, db, sessionRows, "id stream visitor_id events last_seq\n1 a:1 1 3 5\n2 a:2 1 2 4")
	})
}

func TestFollowerWritesWhenItIsClosed(t *testing.T) {
	db := testdb.SQLite(t)
	log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
	f := startFollower(t, db, log, nil)
	sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1"))
	waitFor(t, f, 1)
	sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1"))
	f.Close()
	f.Close()
	stored := testdb.Rows(t, db, "SELECT seq FROM cursors")
	if want := fmt.Sprintf("seq\n%d\n", f.Cursor()); stored != want {
		t.Errorf("stored cursor %q, the follower says %q", stored, want)
	}
}

func TestFollowersOfTwoProcessesCountNothingTwice(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		one := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		two := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		first, second := startFollower(t, db, one, nil), startFollower(t, db, two, nil)
		// Both fold the same events at once and hurry to write them; one must give way.
		for i := range 3 {
			for _, log := range []*sessions.Log{one, two} {
				sessions.AppendAll(t, log, sessions.ToldAll(t, "browser page a:1\nbrowser page a:2")...)
			}
			head := sessions.Seq(4 * (i + 1))
			var wg sync.WaitGroup
			wg.Go(func() { waitFor(t, second, head) })
			wg.Go(func() { waitFor(t, first, head-2) })
			wg.Wait()
		}
		expect(t, db, sessionRows, "id stream visitor_id events last_seq\n1 a:1 1 6 11\n2 a:2 2 6 12")
	})
}

func TestFollowerTriesAgainAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{Now: time.Now})
		var told strings.Builder
		f := startFollower(t, db, log, slog.New(slog.NewTextHandler(&told, nil)))
		alter(t, db, "ALTER TABLE sessions RENAME TO hidden")
		sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1"))
		time.Sleep(5 * time.Second)
		if f.Cursor() != 0 {
			t.Errorf("the cursor is at %d without a table to write to", f.Cursor())
		}
		alter(t, db, "ALTER TABLE hidden RENAME TO sessions")
		time.Sleep(5 * time.Second)
		expect(t, db, sessionRows, "id stream visitor_id events last_seq\n1 a:1 1 1 1")
		f.Close()
		log.Close()
		if n := strings.Count(told.String(), "sessions follower"); n < 2 || n > 8 {
			t.Errorf("told %d times:\n%s", n, told.String())
		}
	})
}

// Somebody who keeps the database to himself, and then is gone, delays sessions a little longer than he
// was there, not by a multiple of it.
func TestFollowerIsSoonBackAfterAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{Now: time.Now})
		f := startFollower(t, db, log, nil)
		sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1"))
		if err := db.Write(t.Context(), func(*gorm.DB) error { time.Sleep(20 * time.Second); return nil }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
		sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1"))
		time.Sleep(11 * time.Second)
		if f.Cursor() != 2 {
			t.Errorf("the cursor is at %d long after the database was free again", f.Cursor())
		}
		f.Close()
		log.Close()
	})
}

func TestSettingsOfTheLogCutItsSessions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		settings := sessions.DefaultSettings()
		settings.SessionTimeout = 5 * time.Minute
		changed, err := sessions.Own(sessions.SettingsChanged, 0, sessions.Epoch, settings)
		if err != nil {
			t.Fatal(err)
		}
		sessions.AppendAll(t, log, sessions.ToldAll(t, "browser page a:1\nbrowser page a:1 t:20m")...)
		sessions.AppendAll(t, log, changed)
		sessions.FollowAll(t, db, log) // the settings survive a restart with the cursor
		sessions.AppendAll(t, log, sessions.ToldAll(t, "browser page a:1 t:40m\nbrowser page a:1 t:44m")...)
		sessions.FollowAll(t, db, log)
		expect(t, db, sessionRows, "id stream visitor_id events last_seq\n1 a:1 1 2 2\n4 a:1 1 2 5")
	})
}

func TestIdleSessionsLeaveMemoryAndComeBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		f := startFollower(t, db, log, nil)
		sessions.AppendAll(t, log, sessions.ToldAll(t, "browser page a:1\nbrowser page a:2\nbrowser page a:3 t:2h")...)
		waitFor(t, f, 3)
		if n, err := f.CloseIdle(context.Background()); err != nil || n != 2 {
			t.Errorf("%d sessions left memory, error %v", n, err)
		}
		sessions.AppendAll(t, log, sessions.ToldAll(t, "browser page a:1 t:10m r:3h\nbrowser identify a:2 c:c t:2h\nbrowser identify a:3 c:c t:2h")...)
		waitFor(t, f, 6)
		expect(t, db, sessionRows, "id stream visitor_id events last_seq\n1 a:1 1 2 4\n2 a:2 2 1 2\n3 a:3 2 2 6\n5 a:2 2 1 5")
	})
}

func TestLastActivitySeesTheTail(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		sessions.AppendAll(t, log, sessions.ToldAll(t, `
			browser page a:1 t:1m
			browser page a:2 t:2m
			browser page a:3 t:3m
			browser page a:3 t:4m bot`)...)
		sessions.FollowAll(t, db, log)
		sessions.AppendAll(t, log, sessions.ToldAll(t, `
			browser page a:1 t:-9h r:5m
			browser page a:2 c:ann t:6m
			browser page a:1 c:ann t:7m
			browser page a:4 t:8m
			browser page a:1 t:9m bot`)...)
		if _, err := log.Decide(context.Background(), ownDecision(1, sessions.Epoch.Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		last, err := sessions.LastActivity(db.Read(context.Background()), []sessions.VisitorID{1, 3, 8, 99})
		if err != nil {
			t.Fatal(err)
		}
		want := map[sessions.VisitorID]sessions.Millis{
			1: sessions.Epoch.Add(7 * time.Minute), 3: sessions.Epoch.Add(3 * time.Minute), 8: sessions.Epoch.Add(8 * time.Minute),
		}
		if fmt.Sprint(last) != fmt.Sprint(want) {
			t.Errorf("last activity %v, want %v", last, want)
		}
	})
}

// What counts as activity does not depend on how far sessions are written: what a
// platform tells of how a record stands never does.
func TestLastActivityIsTheSameBeforeAndAfterSessionsAreWritten(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		events := sessions.ToldAll(t, `
			browser page a:1 t:1m
			backend identify a:1 c:ann t:2m
			backend identify a:1 c:ann t:3m
			import page a:2 t:4m
			backend page a:2 t:5m`)
		events[2].Updated = sessions.Epoch
		sessions.AppendAll(t, log, events...)
		for _, when := range []string{"before", "after"} {
			last, err := sessions.LastActivity(db.Read(context.Background()), []sessions.VisitorID{1, 4})
			if err != nil {
				t.Fatal(err)
			}
			want := map[sessions.VisitorID]sessions.Millis{1: sessions.Epoch.Add(2 * time.Minute), 4: sessions.Epoch.Add(5 * time.Minute)}
			if fmt.Sprint(last) != fmt.Sprint(want) {
				t.Errorf("%s sessions are written: last activity %v, want %v", when, last, want)
			}
			sessions.FollowAll(t, db, log)
		}
	})
}
