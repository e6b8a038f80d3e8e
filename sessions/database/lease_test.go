package database_test

import (
	"errors"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"

	"gorm.io/gorm"
	"pgregory.net/rapid"
)

const ttl = 10 * time.Second

// at is s seconds into the test's time.
func at(s int64) time.Time { return time.Unix(1_700_000_000+s, 0) }

// held asks in a transaction of its own whether l still holds at now.
func held(t *testing.T, db *database.DB, l database.Lease, now time.Time) error {
	return db.Write(t.Context(), func(tx *gorm.DB) error { return database.Held(tx, l, now) })
}

func TestALeasePassesOnWhenItEnds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		a, err := db.Acquire(t.Context(), "detect", "a", at(0), ttl)
		if err != nil || a != (database.Lease{Name: "detect", Holder: "a", Token: 1, Expires: at(10)}) {
			t.Fatalf("the first lease is %+v (%v)", a, err)
		}
		if _, err := db.Acquire(t.Context(), "detect", "b", at(9), ttl); !errors.Is(err, database.ErrHeld) {
			t.Errorf("b before a's end: %v, want ErrHeld", err)
		}
		if other, err := db.Acquire(t.Context(), "deliver", "b", at(9), ttl); err != nil || other.Token != 1 {
			t.Errorf("another lease is %+v (%v)", other, err)
		}
		b, err := db.Acquire(t.Context(), "detect", "b", at(10), ttl)
		if err != nil || b.Token != 2 {
			t.Fatalf("b at a's end: %+v (%v), want token 2", b, err)
		}
		if err := held(t, db, a, at(5)); !errors.Is(err, database.ErrLost) {
			t.Errorf("a, whose clock is behind, holds: %v, want ErrLost", err)
		}
		if err := held(t, db, b, at(11)); err != nil {
			t.Errorf("b holds: %v", err)
		}
		if err := held(t, db, b, at(20)); !errors.Is(err, database.ErrLost) {
			t.Errorf("b at its end: %v, want ErrLost", err)
		}
	})
}

// TestALeaseTakenOverStopsItsFormerHolder holds the fence: what the former holder wrote in the same
// transaction is undone.
func TestALeaseTakenOverStopsItsFormerHolder(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		counters(t, db)
		a, err := db.Acquire(t.Context(), "detect", "a", at(0), ttl)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Acquire(t.Context(), "detect", "b", at(30), ttl); err != nil {
			t.Fatal(err)
		}
		err = db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := increment(tx, 1); err != nil {
				return err
			}
			return database.Held(tx, a, at(1))
		})
		if !errors.Is(err, database.ErrLost) {
			t.Errorf("the former holder's transaction: %v, want ErrLost", err)
		}
		checkCounters(t, db, "id  n\n1   0\n2   0\n")
	})
}

// oracle is what leases should do, for one name.
type oracle struct {
	holder string
	token  int64
	end    int64
}

func (o *oracle) acquire(holder string, now int64) (token int64, ok bool) {
	running := now < o.end
	if running && o.holder != holder {
		return 0, false
	}
	if !running {
		o.token++
	}
	o.holder, o.end = holder, now+10
	return o.token, true
}

func TestLeasesFollowTheirOracle(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		rapid.Check(t, func(r *rapid.T) {
			exec(t, db, "DELETE FROM leases")
			var o oracle
			last := map[string]database.Lease{}
			now := int64(0)
			for range rapid.IntRange(1, 12).Draw(r, "steps") {
				now += rapid.Int64Range(0, 7).Draw(r, "seconds")
				holder := rapid.SampledFrom([]string{"a", "b"}).Draw(r, "holder")
				switch rapid.SampledFrom([]string{"acquire", "held", "release"}).Draw(r, "step") {
				case "acquire":
					token, ok := o.acquire(holder, now)
					l, err := db.Acquire(t.Context(), "detect", holder, at(now), ttl)
					if ok != (err == nil) || l.Token != token {
						r.Fatalf("at %d %s acquired %+v (%v), want token %d", now, holder, l, err, token)
					}
					if ok {
						last[holder] = l
					}
				case "held":
					l := last[holder]
					want := l.Token != 0 && l.Token == o.token && l.Holder == o.holder && now < o.end
					if err := held(t, db, l, at(now)); want != (err == nil) {
						r.Fatalf("at %d %+v holds: %v, want %v", now, l, err, want)
					}
				case "release":
					l := last[holder]
					if err := db.Release(t.Context(), l); err != nil {
						r.Fatal(err)
					}
					if l.Token == o.token && l.Holder == o.holder {
						o.end = 0
					}
				}
			}
		})
	})
}
