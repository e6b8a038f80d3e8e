package database_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"

	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"
)

// counters makes a table of two counters at zero.
func counters(t *testing.T, db *database.DB) {
	t.Helper()
	exec(t, db, "CREATE TABLE counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)",
		"INSERT INTO counters VALUES (1, 0), (2, 0)")
}

func count(tx *gorm.DB, id int64) (n int64, err error) {
	err = tx.Raw("SELECT n FROM counters WHERE id = ?", id).Scan(&n).Error
	return n, err
}

func set(tx *gorm.DB, id, n int64) error {
	return tx.Exec("UPDATE counters SET n = ? WHERE id = ?", n, id).Error
}

// increment reads a counter under Lock and writes back one more.
func increment(tx *gorm.DB, id int64) error {
	var ns []int64
	if err := database.Lock(tx).Table("counters").Where("id = ?", id).Pluck("n", &ns).Error; err != nil {
		return err
	}
	return set(tx, id, ns[0]+1)
}

func checkCounters(t *testing.T, db *database.DB, want string) {
	t.Helper()
	if got := testdb.Rows(t, db, "SELECT id, n FROM counters ORDER BY id"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		counters(t, db)
		if err := set(db.Read(t.Context()), 1, 5); err == nil {
			t.Error("Read wrote")
		}
		if err := db.Snapshot(t.Context(), func(tx *gorm.DB) error { return set(tx, 1, 5) }); err == nil {
			t.Error("Snapshot wrote")
		}
		checkCounters(t, db, "id  n\n1   0\n2   0\n")
	})
}

func TestAnErrorOrAPanicUndoesTheTransaction(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		counters(t, db)
		cause := errors.New("changed my mind")
		err := db.Write(t.Context(), func(tx *gorm.DB) error { return errors.Join(set(tx, 1, 5), cause) })
		if !errors.Is(err, cause) {
			t.Errorf("Write answered %v, want its function's error", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.Write(t.Context(), func(tx *gorm.DB) error { panic(set(tx, 1, 6)) })
		}()
		// The connection must be free again: SQLite has but one.
		exec(t, db, "UPDATE counters SET n = 7 WHERE id = 2")
		checkCounters(t, db, "id  n\n1   0\n2   7\n")
	})
}

func TestACancelledTransactionLeavesTheWriterUsable(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		counters(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Write(ctx, func(tx *gorm.DB) error {
			if err := set(tx, 1, 5); err != nil {
				return err
			}
			cancel()
			return set(tx, 2, 5)
		})
		if !errors.Is(err, context.Canceled) || database.IsUnavailable(err) || database.IsData(err) {
			t.Errorf("Write answered %v, want only that it was cancelled", err)
		}
		exec(t, db, "UPDATE counters SET n = 7 WHERE id = 2")
		checkCounters(t, db, "id  n\n1   0\n2   7\n")
	})
}

func TestASnapshotStaysTheSame(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		counters(t, db)
		err := db.Snapshot(t.Context(), func(tx *gorm.DB) error {
			// Nothing was read yet: the view must be that of the beginning all the same.
			for n := int64(1); n <= 2; n++ {
				if err := db.Write(t.Context(), func(tx *gorm.DB) error { return set(tx, n, 5) }); err != nil {
					return err
				}
				for id := int64(1); id <= 2; id++ {
					if got, err := count(tx, id); err != nil || got != 0 {
						t.Errorf("after write %d, counter %d is %d (%v) in the snapshot, want 0", n, id, got, err)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		checkCounters(t, db, "id  n\n1   5\n2   5\n")
	})
}

// TestNoIncrementIsLost has two processes' worth of writers read and write back one counter, beside
// readers, without a busy error.
func TestNoIncrementIsLost(t *testing.T) {
	const writers, rounds = 8, 25
	urls(t, func(t *testing.T, url string) {
		o := database.Options{Durability: database.Off}
		processes := []*database.DB{mustOpen(t, url, o), mustOpen(t, url, o)}
		counters(t, processes[0])
		var work errgroup.Group
		for w := range writers {
			db := processes[w%2]
			work.Go(func() error {
				for range rounds {
					if err := db.Write(t.Context(), func(tx *gorm.DB) error { return increment(tx, 1) }); err != nil {
						return err
					}
					if _, err := count(db.Read(t.Context()), 1); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := work.Wait(); err != nil {
			t.Fatal(err)
		}
		checkCounters(t, processes[0], "id  n\n1   200\n2   0\n")
	})
}

// TestADeadlockIsRunAgain makes two transactions lock two rows in opposite order, each waiting for the
// other to have its first: PostgreSQL ends one of them, and Write begins it anew.
func TestADeadlockIsRunAgain(t *testing.T) {
	db := testdb.Postgres(t)
	counters(t, db)
	var mu sync.Mutex
	runs := 0
	var both sync.WaitGroup
	both.Add(2)
	transfer := func(from, to int64) func() error {
		first := true
		return func() error {
			return db.Write(t.Context(), func(tx *gorm.DB) error {
				mu.Lock()
				runs++
				mu.Unlock()
				if err := increment(tx, from); err != nil {
					return err
				}
				if first {
					first = false
					both.Done()
					both.Wait()
				}
				return increment(tx, to)
			})
		}
	}
	var work errgroup.Group
	work.Go(transfer(1, 2))
	work.Go(transfer(2, 1))
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
	if runs < 3 { // more, if the one that was run again met the other a second time
		t.Errorf("the two transactions ran %d times, want at least 3", runs)
	}
	checkCounters(t, db, "id  n\n1   2\n2   2\n")
}
