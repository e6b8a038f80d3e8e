package database_test

import (
	"errors"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"

	"gorm.io/gorm"
	"pgregory.net/rapid"
)

// endLeases lets the time of all leases pass.
func endLeases(t testing.TB, db *database.DB) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE leases SET expires_at = 1").Error })
	if err != nil {
		t.Fatal(err)
	}
}

// guarded increments counter 1 under a lease.
func guarded(t testing.TB, db *database.DB, l database.Lease) error {
	return db.Write(t.Context(), func(tx *gorm.DB) error {
		if err := increment(tx, 1); err != nil {
			return err
		}
		return l.Hold(tx)
	})
}

// take returns what h holds of names now.
func take(t testing.TB, h *database.Holder, names ...string) map[string]database.Lease {
	t.Helper()
	held, err := h.Take(t.Context(), names...)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func TestALeasePassesOnWhenItEnds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		counters(t, db)
		a, b := db.NewHolder(), db.NewHolder()
		if held := take(t, a, "detect"); held["detect"].Token != 1 {
			t.Fatalf("a holds %v", held)
		}
		if held := take(t, a, "detect", "deliver"); held["detect"].Token != 1 || held["deliver"].Token != 1 {
			t.Errorf("a prolongs %v", held)
		}
		first, known := a.Held("detect")
		if !known || guarded(t, db, first) != nil {
			t.Errorf("a holds %v: %t", first, known)
		}
		if db.Dialect() == database.Postgres {
			if held := take(t, b, "detect", "mail"); len(held) != 1 || held["mail"].Token != 1 {
				t.Errorf("b, while a holds the first, holds %v", held)
			}
			endLeases(t, db)
		}
		second := take(t, b, "detect")["detect"]
		if second.Token != 2 || guarded(t, db, second) != nil {
			t.Errorf("after a's end b holds %v", second)
		}
		if err := guarded(t, db, first); !errors.Is(err, database.ErrLost) {
			t.Errorf("a's transaction: %v, want ErrLost", err)
		}
		checkCounters(t, db, "id  n\n1   2\n2   0\n")

		if err := b.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, known := b.Held("detect"); known {
			t.Error("b holds what it released")
		}
		if held := take(t, db.NewHolder(), "detect"); held["detect"].Token != 3 {
			t.Errorf("after b's release a third holds %v", held)
		}
	})
}

// A process that slept through the end of its lease comes back under a new token: somebody else may
// have worked, and released, in between.
func TestALeaseThatEndedComesBackAsAnother(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		counters(t, db)
		a := db.NewHolder()
		slept := take(t, a, "detect")["detect"]
		endLeases(t, db)
		if err := guarded(t, db, slept); !errors.Is(err, database.ErrLost) {
			t.Errorf("under a lease that ended: %v, want ErrLost", err)
		}
		again := take(t, a, "detect", "deliver")["detect"] // a new name, so that it has to ask
		if again.Token != 2 || guarded(t, db, again) != nil || guarded(t, db, slept) == nil {
			t.Errorf("it came back as %v", again)
		}
	})
}

// Of a SQLite file, whoever comes later takes the leases, but only when it begins.
func TestTheLaterOfTwoOnOneFileHasTheLease(t *testing.T) {
	db := testdb.SQLite(t)
	a, b := db.NewHolder(), db.NewHolder()
	take(t, a, "detect")
	if held := take(t, b, "detect"); held["detect"].Token != 2 {
		t.Errorf("the later holds %v", held)
	}
	if held := take(t, a, "detect", "deliver"); len(held) != 1 || held["deliver"].Token != 1 {
		t.Errorf("the earlier holds %v", held)
	}
}

func TestTheZeroLeaseGuardsNothing(t *testing.T) {
	db := testdb.SQLite(t)
	counters(t, db)
	if err := guarded(t, db, database.Lease{}); err != nil {
		t.Error(err)
	}
}

// oracle is what leases should do, for one name.
type oracle struct {
	holder  int
	token   int64
	running bool
	forced  [2]bool // who took it by force already, where that is the rule
}

func (o *oracle) take(holder int, force bool) (token int64, ok bool) {
	force = force && !o.forced[holder]
	o.forced[holder] = true
	if o.running && o.holder != holder && !force {
		return 0, false
	}
	if !o.running || o.holder != holder {
		o.token++
	}
	o.holder, o.running = holder, true
	return o.token, true
}

func TestLeasesFollowTheirOracle(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		rapid.Check(t, func(r *rapid.T) {
			exec(t, db, "DELETE FROM leases")
			var o oracle
			holders := [2]*database.Holder{db.NewHolder(), db.NewHolder()}
			var last [2]database.Lease
			for step := range rapid.IntRange(1, 12).Draw(r, "steps") {
				holder := rapid.IntRange(0, 1).Draw(r, "holder")
				switch rapid.SampledFrom([]string{"take", "hold", "release", "end"}).Draw(r, "step") {
				case "take":
					token, ok := o.take(holder, db.Dialect() == database.SQLite)
					// Another name each time, so that it has to ask.
					l, got := take(t, holders[holder], "detect", string(rune('a'+step)))["detect"]
					if ok != got || l.Token != token {
						r.Fatalf("%d took %+v (%t), want token %d (%t)", holder, l, got, token, ok)
					}
					if ok {
						last[holder] = l
					}
				case "hold":
					l := last[holder]
					want := l.Token == o.token && o.holder == holder && o.running || l.Token == 0
					err := db.Write(t.Context(), l.Hold)
					if want != (err == nil) || err != nil && !errors.Is(err, database.ErrLost) {
						r.Fatalf("%+v holds: %v, want %t", l, err, want)
					}
				case "release":
					if err := holders[holder].Release(t.Context()); err != nil {
						r.Fatal(err)
					}
					if o.holder == holder {
						o.running = false
					}
				case "end":
					exec(t, db, "UPDATE leases SET expires_at = 1")
					o.running = false
				}
			}
		})
	})
}
