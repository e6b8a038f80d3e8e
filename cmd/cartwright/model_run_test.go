package main

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"cartwright/fixtures/property"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

var histories = flag.Int("histories", 1200, "how many random histories the model test plays; a tenth of them on PostgreSQL")

// A stage is a database that histories are played on one after another.
type stage struct {
	dbs     [2]*database.DB // of each worker its own connections
	scratch *database.DB    // for verifying
	met     map[string]int  // what came to be, and in how many histories
}

func newStage(t *testing.T, url string) *stage {
	t.Helper()
	open := func(url string) *database.DB {
		db, err := database.Open(t.Context(), url, database.Options{Durability: database.Off})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	return &stage{[2]*database.DB{open(url), open(url)}, open(filepath.Join(t.TempDir(), "scratch.db")), map[string]int{}}
}

// play plays a plan and verifies the projections after it.
func (s *stage) play(t *testing.T, p plan, b broken) error {
	h, err := newPlay(s.dbs, b)
	if err != nil {
		return err
	}
	if err := h.play(p); err != nil {
		return err
	}
	return s.verify(t, h)
}

// verify says what is wrong with a history that was played, or with its rows.
func (s *stage) verify(t *testing.T, h *play) error {
	if err := h.failed(); err != nil {
		return err
	}
	for what, was := range h.met {
		if was {
			s.met[what]++
		}
	}
	v, err := sessions.VerifyWith(t.Context(), s.dbs[0], s.scratch, projections(s.dbs[0]))
	if err != nil {
		return err
	}
	if len(v.Differences) > 0 || v.Cursor != v.Head {
		h.fail("verify: sessions up to %d of %d, %v", v.Cursor, v.Head, v.Differences)
	}
	return h.failed()
}

// Two workers, who are killed and opened again, do what the model does, whatever
// comes between their steps.
func TestModel(t *testing.T) {
	for _, on := range []struct {
		name  string
		url   func(testing.TB) string
		share int
	}{{"sqlite", testdb.SQLiteURL, 1}, {"postgres", testdb.PostgresURL, 10}} {
		t.Run(on.name, func(t *testing.T) {
			s := newStage(t, on.url(t))
			n := max(1, *histories/on.share)
			began := time.Now()
			property.Check(t, n, func(r *rapid.T) {
				p := plans().Draw(r, "plan")
				if err := s.play(t, p, broken{}); err != nil {
					r.Fatalf("%v", err)
				}
			})
			t.Logf("%.0f histories a second, of which %v", float64(n)/time.Since(began).Seconds(), s.met)
			for _, what := range []string{"trigger", "suppress", "hold", "expire", "told", "not told", "told later", "arrived again", "recovered"} {
				if n >= 500 && s.met[what] == 0 && !t.Failed() {
					t.Errorf("in no history: %s", what)
				}
			}
		})
	}
}

// The same test without what it is to guard must fail, and for that reason.
func TestModelFindsWhatIsMissing(t *testing.T) {
	for property, b := range map[string]broken{
		"attempts":    {recheck: true},
		"one trigger": {keys: true},
	} {
		t.Run(strings.ReplaceAll(property, " ", "_"), func(t *testing.T) {
			s := newStage(t, testdb.SQLiteURL(t))
			if b.keys {
				dropKeys(t, s.dbs[0])
			}
			for i := range *histories {
				err := s.play(t, plans().Example(i), b)
				if err == nil {
					continue
				}
				if !strings.Contains(err.Error(), property+":") {
					t.Fatalf("history %d fails otherwise: %v", i, err)
				}
				t.Logf("history %d: %v", i, err)
				return
			}
			t.Errorf("%d histories were played without what they rest on, and none failed", *histories)
		})
	}
}

// dropKeys takes the unique keys of decisions and triggers from a database.
func dropKeys(t *testing.T, db *database.DB) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		for _, statement := range []string{"DROP INDEX decisions_key", "CREATE TABLE keyless AS SELECT * FROM triggers",
			"DROP TABLE triggers", "ALTER TABLE keyless RENAME TO triggers"} {
			if err := tx.Exec(statement).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
