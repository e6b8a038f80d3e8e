package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// eventually waits for what another goroutine does on a clock that is not ours.
func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !true(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// endLeases lets the time of all leases pass, as it does for a process that is stopped.
func endLeases(t *testing.T, db *database.DB) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE leases SET expires_at = 1").Error })
	if err != nil {
		t.Fatal(err)
	}
}

// signing is a job that says when it runs.
func signing(name string, everywhere bool, runs chan<- string, who string) Job {
	return Job{Name: name, Schedule: "@every 1s", Deadline: time.Minute, Everywhere: everywhere,
		Run: func(context.Context, time.Time, database.Lease) (Report, error) {
			select {
			case runs <- who:
			default:
			}
			return Report{"n": 1}, nil
		}}
}

// Of several processes one runs a job, the others those that run everywhere. When it gives the
// lease up, another goes on from the history that it left.
func TestOneProcessRunsAJob(t *testing.T) {
	db := testdb.Postgres(t)
	acted, everywhere := make(chan string, 100), make(chan string, 100)
	table := func(who string) []Job {
		return []Job{signing("one", false, acted, who), signing("all", true, everywhere, who)}
	}
	first, stopFirst := started(t, db, table("first")...)
	second, stopSecond := started(t, db, table("second")...)
	seen := map[string]bool{}
	for len(seen) < 2 {
		seen[<-everywhere] = true
	}
	for range 3 {
		if who := <-acted; who != "first" {
			t.Fatalf("the job ran in the %s process", who)
		}
	}
	if a, b := first.Status()[0], second.Status()[0]; a.Standby || !b.Standby || second.Status()[1].Standby {
		t.Errorf("first %+v, second %+v", a, b)
	}
	eventually(t, "the history of the first, shown by the second", func() bool { return second.Status()[0].Runs > 0 })
	before := first.Status()[0].Runs
	stopFirst()
	eventually(t, "the second takes over", func() bool { return !second.Status()[0].Standby && second.Status()[0].Runs > before })
	stopSecond()
}

// stale runs a job whose lease another process takes while it is at work, and returns what it wrote
// afterwards, in a transaction that is under the lease that guard chooses.
func stale(t *testing.T, db *database.DB, guard func(database.Lease) database.Lease) (written string, err error) {
	t.Helper()
	began, goOn, done := make(chan bool), make(chan bool), make(chan error, 1)
	job := Job{Name: "slow", Schedule: "@hourly", Deadline: time.Minute,
		Run: func(ctx context.Context, _ time.Time, lease database.Lease) (Report, error) {
			began <- true
			<-goOn
			err := db.Write(ctx, func(tx *gorm.DB) error {
				if err := guard(lease).Hold(tx); err != nil {
					return err
				}
				return tx.Exec("UPDATE delivery_cursor SET seq = 99").Error
			})
			done <- err
			return Report{"n": 1}, err
		}}
	_, stop := started(t, db, job)
	<-began
	endLeases(t, db)
	if held, err := db.NewHolder().Take(t.Context(), leaseOf("slow")); err != nil || len(held) != 1 {
		t.Fatal(held, err)
	}
	close(goOn)
	err = <-done
	stop()
	return testdb.Rows(t, db, "SELECT seq FROM delivery_cursor"), err
}

// A process that slept through the end of its lease changes nothing, not even the history of jobs.
func TestAStaleProcessChangesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		written, err := stale(t, db, func(l database.Lease) database.Lease { return l })
		if written != "seq\n0\n" || !errors.Is(err, database.ErrLost) {
			t.Errorf("it wrote %q, error %v", written, err)
		}
		if got := testdb.Rows(t, db, "SELECT job FROM job_runs UNION SELECT job FROM job_state"); got != "job\n" {
			t.Errorf("it wrote the history of\n%s", got)
		}
	})
}

// The control: without the lease in its transaction it would have written.
func TestAStaleProcessControl(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		written, err := stale(t, db, func(database.Lease) database.Lease { return database.Lease{} })
		if written != "seq\n99\n" || err != nil {
			t.Errorf("unguarded it wrote %q, error %v: the test of the lease cannot fail", written, err)
		}
	})
}

// Everything that a job changes is under the lease it was given.
func TestEachJobObeysItsLease(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		held, err := db.NewHolder().Take(t.Context(), "job:any")
		if err != nil {
			t.Fatal(err)
		}
		lost := held["job:any"]
		endLeases(t, db)
		refused := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, database.ErrLost) {
				t.Errorf("%s under a lease that was lost: %v", what, err)
			}
		}
		for _, j := range newShop(t, db, time.Now).table() {
			if j.Name == "detection" || j.Name == "upkeep" {
				_, err := j.Run(t.Context(), time.Now(), lost)
				refused(j.Name, err)
				// Each transaction by itself: upkeep goes on with the next after one was refused.
				if n := strings.Count(fmt.Sprint(err), database.ErrLost.Error()); n != map[string]int{"detection": 1, "upkeep": 7}[j.Name] {
					t.Errorf("%s: %d transactions were refused: %v", j.Name, n, err)
				}
			}
		}
		p := newPost(t, db, time.Now, "a.example")
		p.told.add(1, "trg_1")
		_, err = p.fanOut(t.Context(), lost, sessions.MillisOf(time.Now()))
		refused("fan out", err)
		if _, err := p.fanOut(t.Context(), database.Lease{}, sessions.MillisOf(time.Now())); err != nil {
			t.Fatal(err)
		}
		var ids []EndpointID
		if err := db.Read(t.Context()).Raw("SELECT endpoint_id FROM deliveries").Scan(&ids).Error; err != nil || len(ids) != 1 {
			t.Fatal(ids, err)
		}
		_, err = p.claim(t.Context(), ids[0], lost, 0)
		refused("claim", err)
		claimed, err := p.claim(t.Context(), ids[0], database.Lease{}, 0)
		if err != nil || len(claimed.attempts) != 1 {
			t.Fatal(claimed, err)
		}
		_, err = p.settle(t.Context(), lost, claimed.attempts)
		refused("settle", err)
		o := newMailroom(t, db, time.Now, nil)
		o.told.add(1, "trg_1")
		_, err = o.fanOut(t.Context(), lost, sessions.MillisOf(time.Now()))
		refused("make mails", err)
		_, err = o.claim(lost, 0, 1)
		refused("claim a mail", err)
		request := requestRow{Job: "detection", Number: 1}
		_, err = takeRequest(t.Context(), db, lost, request, time.Now())
		refused("take a request", err)
		refused("settle a request", settleRequest(t.Context(), db, lost, request, Run{}))
	})
}
