package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/fixtures/property"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

var logs = flag.Int("logs", 40, "how many random logs are written in several ways, on both databases, and compared")

// The rows of all projections are the same bytes whatever the database, the sizes
// of batches, and where the program was ended or killed between them; and they are
// what the log says.
func TestDumpsAreTheSame(t *testing.T) {
	lite, post := testdb.SQLiteURL(t), testdb.PostgresURL(t)
	scratch := opened(t, filepath.Join(t.TempDir(), "scratch.db"))
	entries, restarts := 0, 0
	property.Check(t, *logs, func(r *rapid.T) {
		log := rapid.SliceOfN(rapid.Custom(drawEntry), 20, 120).Draw(r, "log")
		one := make([]cut, len(log))
		for i := range one {
			one[i] = ended
		}
		first := ""
		for i, way := range []struct {
			name, url string
			cuts      []cut
		}{
			{"one by one on SQLite", lite, one},
			{"in batches on SQLite", lite, cuts(len(log)).Draw(r, "cuts")},
			{"in batches on PostgreSQL", post, cuts(len(log)).Draw(r, "cuts")},
		} {
			w := writer{url: way.url, clock: dumpBegin}
			dump, err := w.write(log, way.cuts, scratch)
			if err != nil {
				r.Fatalf("%s: %v", way.name, err)
			}
			if first == "" {
				first = dump
			}
			if dump != first {
				r.Fatalf("%s\n%s", way.name, difference(first, dump))
			}
			if restarts += w.restarts; i == 0 {
				entries += len(log)
			}
		}
	})
	t.Logf("%d entries, each written in three ways, with %d restarts", entries, restarts)
}

func opened(t *testing.T, url string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), url, database.Options{Durability: database.Off})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// A cut says what comes after an entry of the log.
type cut string

const (
	none     cut = ""         // the next is in the same batch
	ended    cut = "ended"    // the batch ends
	followed cut = "followed" // and the sessions are written
	stopped  cut = "stopped"  // and the program ends in order
	killed   cut = "killed"   // and the program is killed
)

// cuts draws what comes after each of n entries.
func cuts(n int) *rapid.Generator[[]cut] {
	return rapid.Custom(func(r *rapid.T) []cut {
		often := rapid.SampledFrom([]int{2, 5, 20}).Draw(r, "batch")
		cuts := make([]cut, n)
		for i := range cuts {
			if rapid.IntRange(1, often).Draw(r, "cut") == 1 {
				cuts[i] = rapid.SampledFrom([]cut{ended, ended, ended, followed, stopped, killed}).Draw(r, "how")
			}
		}
		return cuts
	})
}

// writer is a program that writes a log, in one life after another.
type writer struct {
	url      string
	clock    time.Time
	restarts int

	db       *database.DB
	log      *sessions.Log
	follower *sessions.Follower
	detector *cart.Detector
	batch    sessions.Batch
}

// write writes entries into an empty shop and returns the rows that follow.
func (w *writer) write(log []entry, cuts []cut, scratch *database.DB) (dump string, err error) {
	if err := empty(w.url, w.clock); err != nil {
		return "", err
	}
	if err := w.open(); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, w.close(false)) }()
	for i, e := range log {
		if err := w.take(i, e, log[:i]); err != nil {
			return "", fmt.Errorf("entry %d: %w", i, err)
		}
		if err := w.after(cuts[i]); err != nil {
			return "", fmt.Errorf("%s after entry %d: %w", cuts[i], i, err)
		}
	}
	if err := errors.Join(w.flush(), w.follow()); err != nil {
		return "", err
	}
	v, err := sessions.VerifyWith(context.Background(), w.db, scratch, projections(w.db))
	if err == nil && (len(v.Differences) > 0 || v.Cursor != v.Head) {
		err = fmt.Errorf("verify: %+v", v)
	}
	if err != nil {
		return "", err
	}
	return dumpOf(w.db)
}

// empty makes an empty shop of the database at url.
func empty(url string, now time.Time) error {
	db, err := database.Open(context.Background(), url, database.Options{Durability: database.Off})
	if err != nil {
		return err
	}
	return errors.Join(wipe(db, now), db.Close())
}

func (w *writer) open() (err error) {
	if w.db, err = database.Open(context.Background(), w.url, database.Options{Durability: database.Off}); err != nil {
		return err
	}
	// The lease of a life that was killed has run out by the time of the next.
	err = w.db.Write(context.Background(), func(tx *gorm.DB) error { return tx.Exec("UPDATE leases SET expires_at = 0").Error })
	if err != nil {
		return err
	}
	w.log, err = sessions.OpenLog(context.Background(), w.db, sessions.LogOptions{
		Projections: projections(w.db), Now: func() time.Time { return w.clock },
	})
	if err != nil {
		return err
	}
	w.detector = cart.NewDetector(w.log, cart.RulesOf(flow.New(time.Hour, 24*time.Hour)))
	w.follower = sessions.NewFollower(w.db, w.log, nil)
	return w.follower.Start(context.Background())
}

// close ends the program: killed, it can write nothing more.
func (w *writer) close(killed bool) error {
	var err error
	if killed {
		err = w.db.Close()
	}
	w.log.Close()
	w.follower.Close()
	if !killed {
		err = w.db.Close()
	}
	return err
}

func (w *writer) restart(killed bool) error {
	return errors.Join(w.close(killed), w.open())
}

func (w *writer) after(c cut) error {
	if c == none {
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	switch c {
	case followed:
		return w.follow()
	case stopped, killed:
		w.restarts++
		return w.restart(c == killed)
	}
	return nil
}

// follow waits until the sessions are written to the end of the log.
func (w *writer) follow() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return w.follower.WaitFor(ctx, w.log.Head().Seq)
}

// take adds an entry to the batch, or does what it stands for.
func (w *writer) take(i int, e entry, before []entry) error {
	switch {
	case e.decide != nil:
		if err := w.flush(); err != nil {
			return err
		}
		_, err := w.log.Decide(context.Background(), func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
			own, err := sessions.Own(e.kind, 0, at(i), e.decide)
			return []*sessions.Event{own}, err
		})
		return err
	case e.kind == sessions.DecisionMade:
		if err := w.flush(); err != nil {
			return err
		}
		_, err := w.detector.Detect(context.Background(), at(i).Add(e.late).Time(), e.detect)
		return err
	}
	event, format := e.event(i, before)
	if format != w.batch.Format {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.batch.Format = format
	w.batch.Events = append(w.batch.Events, event)
	return nil
}

// flush appends the batch.
func (w *writer) flush() error {
	b := w.batch
	w.batch = sessions.Batch{}
	if len(b.Events) == 0 {
		return nil
	}
	receipt, err := w.log.Append(context.Background(), b)
	if err == nil && len(receipt.Rejected) > 0 {
		err = fmt.Errorf("rejected: %+v", receipt.Rejected)
	}
	return err
}
