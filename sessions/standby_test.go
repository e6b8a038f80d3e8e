package sessions

import (
	"context"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

const cursorAndSessions = "SELECT (SELECT seq FROM cursors) AS cursor, (SELECT count(*) FROM sessions) AS sessions"

// A log hears of what another process appends, without appending itself.
func TestALogHearsOfAnother(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		one, other := OpenTestLog(t, db, LogOptions{}), OpenTestLog(t, db, LogOptions{})
		for n := Seq(1); n <= 3; n++ {
			AppendAll(t, one, Told(t, "browser page a:1"))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			if err := other.Wait(ctx, n-1); err != nil {
				t.Fatalf("event %d: %v", n, err)
			}
			cancel()
			if events, err := other.Since(t.Context(), n-1, 10); err != nil || len(events) != 1 || events[0].Seq != n {
				t.Errorf("after %d: %v, %v", n-1, events, err)
			}
		}
		if one.Head() != other.Head() {
			t.Errorf("heads %v and %v", one.Head(), other.Head())
		}
	})
}

// A commit may come to the tail twice, as one's own and as what was seen in the database; other processes'
// may come in between.
func TestTheTailTakesEachEventOnce(t *testing.T) {
	tail := newTail(Head{})
	publish := func(from, to Seq) {
		var events []*Event
		for s := from; s <= to; s++ {
			events = append(events, &Event{Seq: s})
		}
		tail.publish(events, Head{Seq: to})
	}
	held := func(after Seq, want ...Seq) {
		t.Helper()
		events, ok := tail.since(after, 100)
		if !ok || len(events) != len(want) {
			t.Fatalf("after %d: %d events, %t, want %v", after, len(events), ok, want)
		}
		for i, e := range events {
			if e == nil || e.Seq != want[i] {
				t.Errorf("after %d: %v, want %v", after, e, want)
			}
		}
	}
	publish(1, 3)
	tail.skip(Head{Seq: 2}) // an old look
	held(0, 1, 2, 3)
	tail.skip(Head{Seq: 5}) // one's own 4 and 5, seen before they are published
	publish(4, 5)
	held(5)
	if _, ok := tail.since(3, 10); ok {
		t.Error("events are held that were skipped")
	}
	publish(8, 9) // 6 and 7 are another process's
	held(7, 8, 9)
	if _, ok := tail.since(5, 10); ok || tail.head.Seq != 9 {
		t.Errorf("a gap is not seen; the head is %d", tail.head.Seq)
	}
	tail.skip(Head{Seq: 8})
	publish(9, 10)
	held(7, 8, 9, 10)
}

// The follower that stands by knows how far the other is, and goes on when that one ends.
func TestAFollowerStandsBy(t *testing.T) {
	db := testdb.Postgres(t)
	log := OpenTestLog(t, db, LogOptions{})
	first, second := NewFollower(db, log, nil), NewFollower(db, log, nil)
	for _, f := range []*Follower{first, second} {
		if err := f.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		AppendAll(t, log, Told(t, "browser page a:1"))
		wait(t, f, log.Head().Seq)
	}
	if _, held := second.holder.Held(followerName); held || second.folded() != 0 {
		t.Error("both write")
	}
	if n, err := second.CloseIdle(t.Context()); n != 0 || err != nil {
		t.Errorf("closed %d, %v", n, err)
	}
	first.Close()
	AppendAll(t, log, Told(t, "browser page a:1"))
	wait(t, second, log.Head().Seq)
	if l, held := second.holder.Held(followerName); !held || l.Token != 2 {
		t.Errorf("the second holds %+v, %t", l, held)
	}
}

func wait(t *testing.T, f *Follower, seq Seq) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := f.WaitFor(ctx, seq); err != nil {
		t.Fatalf("sessions are written up to %d, not %d: %v", f.Cursor(), seq, err)
	}
}

// stale returns what a follower writes that folded an event and then lost its lease to another, which
// has not written yet, under the lease that guard chooses of its own and the other's.
func stale(t *testing.T, db *database.DB, guard func(own, other database.Lease) database.Lease) (rows string, err error) {
	t.Helper()
	log := OpenTestLog(t, db, LogOptions{})
	f := NewFollower(db, log, nil)
	if err := errors.Join(db.Write(t.Context(), beginCursor), f.look(t.Context()), f.take(t.Context())); err != nil {
		t.Fatal(err)
	}
	AppendAll(t, log, Told(t, "browser page a:1"))
	if n, err := f.step(t.Context()); n != 1 || err != nil {
		t.Fatalf("folded %d, %v", n, err)
	}
	err = db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE leases SET expires_at = 1").Error })
	if err != nil {
		t.Fatal(err)
	}
	held, err := db.NewHolder().Take(t.Context(), followerName)
	if err != nil || len(held) != 1 {
		t.Fatal(held, err)
	}
	f.lease = guard(f.lease, held[followerName])
	err = f.write(t.Context())
	return testdb.Rows(t, db, cursorAndSessions), err
}

// A follower that slept through the end of its lease writes nothing.
func TestAStaleFollowerWritesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		rows, err := stale(t, db, func(own, _ database.Lease) database.Lease { return own })
		if rows != "cursor  sessions\n0       0\n" || !errors.Is(err, database.ErrLost) {
			t.Errorf("it wrote\n%s, error %v", rows, err)
		}
	})
}

// The control: it is the lease that keeps it from writing, not the cursor.
func TestAStaleFollowerControl(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		rows, err := stale(t, db, func(_, other database.Lease) database.Lease { return other })
		if rows != "cursor  sessions\n1       1\n" || err != nil {
			t.Errorf("unguarded it wrote\n%s, error %v: the test of the lease cannot fail", rows, err)
		}
	})
}
