package jobs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// started runs a table of jobs until the returned function is called.
func started(t *testing.T, db *database.DB, table ...Job) (*Runner, func()) {
	t.Helper()
	r, err := NewRunner(db, slog.New(slog.DiscardHandler), table)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r, func() {
		if err := errors.Join(r.Stop(t.Context()), r.Release(t.Context())); err != nil {
			t.Error(err)
		}
	}
}

// pass lets time go by and everything that is due happen.
func pass(d time.Duration) {
	time.Sleep(d) // in a bubble: fake time
	synctest.Wait()
}

const history = "SELECT job, outcome, report, error FROM job_runs ORDER BY job, started_at"

func TestRunnerKeepsItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		begun := time.Now()
		var at []string
		r, stop := started(t, db, Job{Name: "tick", Schedule: "@every 1m", Purpose: "count", Deadline: time.Second,
			Run: func(_ context.Context, now time.Time, _ database.Lease) (Report, error) {
				at = append(at, now.Sub(begun).String())
				return Report{"done": int64(len(at))}, nil
			}})
		pass(150 * time.Second)
		status := r.Status()[0]
		stop()
		pass(time.Hour)
		if got := strings.Join(at, " "); got != "0s 1m0s 2m0s" {
			t.Errorf("ran at %s", got)
		}
		if status.Next == nil || status.Next.Sub(begun) != 3*time.Minute || status.Runs != 3 || status.Outcome != OK ||
			status.Report["done"] != 3 || status.Started.Sub(begun) != 2*time.Minute || status.Running || status.Purpose != "count" {
			t.Errorf("status %+v", status)
		}
		runs, err := Runs(t.Context(), db, "tick", 0, 2)
		if err != nil || len(runs) != 2 || runs[0].Report["done"] != 3 || runs[1].Report["done"] != 2 {
			t.Errorf("history %+v, %v", runs, err)
		}
	})
}

func TestCrontabTimesAreUTC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, stop := started(t, testdb.SQLite(t), Job{Name: "daily", Schedule: "30 4 * * *", Deadline: time.Second, Run: nothing})
		defer stop()
		if next := r.Status()[0].Next; next == nil || next.Format("15:04 MST") != "04:30 UTC" {
			t.Errorf("next %v", next)
		}
	})
}

func TestRunningJobIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		var running, most, runs int
		r, stop := started(t, db, Job{Name: "slow", Schedule: "@every 1s", Deadline: time.Hour,
			Run: func(context.Context, time.Time, database.Lease) (Report, error) {
				running++
				most = max(most, running)
				runs++
				time.Sleep(3500 * time.Millisecond)
				running--
				return Report{"n": 1}, nil
			}})
		pass(2 * time.Second)
		if !r.Status()[0].Running {
			t.Error("not shown as running")
		}
		pass(5500 * time.Millisecond) // runs at 0 s and 4 s, and the third begins at 8 s
		stop()
		if runs != 2 || most != 1 {
			t.Errorf("%d runs, %d at once", runs, most)
		}
		want := `job   outcome  report   error
slow  ok       {"n":1}  ""
slow  skipped  {}       the run before has not ended
slow  ok       {"n":1}  ""
slow  skipped  {}       the run before has not ended
`
		if got := testdb.Rows(t, db, history); got != want {
			t.Errorf("history\n%swant\n%s", got, want)
		}
	})
}

func TestPanicsAndDeadlinesEndOneRunOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		steps := []func(context.Context) (Report, error){
			func(context.Context) (Report, error) { panic("a\x00 mistake") },
			func(ctx context.Context) (Report, error) { <-ctx.Done(); return Report{"half": 1}, ctx.Err() },
			func(context.Context) (Report, error) { return nil, errors.New("no such luck") },
			func(context.Context) (Report, error) { return nil, nil },
		}
		n := 0
		r, stop := started(t, db, Job{Name: "mixed", Schedule: "@every 1m", Deadline: 10 * time.Second,
			Run: func(ctx context.Context, _ time.Time, _ database.Lease) (Report, error) { n++; return steps[n-1](ctx) }})
		pass(3*time.Minute + time.Second)
		stop()
		want := `job    outcome   report      error
mixed  panicked  {}          a mistake
mixed  failed    {"half":1}  not done within 10s: context deadline exceeded
mixed  failed    {}          no such luck
mixed  ok        {}          ""
`
		if got := testdb.Rows(t, db, history); got != want {
			t.Errorf("history\n%swant\n%s", got, want)
		}
		if s := r.Status()[0]; s.Outcome != OK || s.Error != "" || s.Runs != 4 {
			t.Errorf("status %+v", s)
		}
	})
}

// A job that looks each second and finds nothing must not write each second.
func TestIdleRunsAreNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		var writes, n int
		_, stop := started(t, db, Job{Name: "idle", Schedule: "@every 1s", Deadline: time.Second,
			Run: func(context.Context, time.Time, database.Lease) (Report, error) {
				if n++; n == 100 {
					return Report{"found": 1}, nil
				}
				return Report{"found": 0}, nil
			}})
		seen := ""
		for range 300 {
			pass(time.Second)
			if now := testdb.Rows(t, db, "SELECT * FROM job_state"); now != seen {
				seen = now
				writes++
			}
		}
		stop()
		if writes < 5 || writes > 8 {
			t.Errorf("%d writes in 300 seconds", writes)
		}
		want := `job   outcome  report       error
idle  ok       {"found":0}  ""
idle  ok       {"found":1}  ""
`
		if got := testdb.Rows(t, db, history); got != want {
			t.Errorf("history\n%swant\n%s", got, want)
		}
		if got := testdb.Rows(t, db, "SELECT runs FROM job_state"); got != "runs\n301\n" {
			t.Errorf("after the stop, %s", got)
		}
	})
}

func TestRestartCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		n := 0
		job := Job{Name: "hourly", Schedule: "@every 1h", Deadline: time.Second,
			Run: func(context.Context, time.Time, database.Lease) (Report, error) {
				n++
				return Report{"n": int64(n)}, nil
			}}
		live := func(d time.Duration) Status {
			r, stop := started(t, db, job)
			pass(d)
			defer stop()
			return r.Status()[0]
		}
		live(10 * time.Minute)
		if s := live(10 * time.Minute); n != 1 || s.Runs != 1 || s.Report["n"] != 1 {
			t.Errorf("early restart: ran %d times, status %+v", n, s)
		}
		pass(2 * time.Hour) // its time comes while the program is down
		if s := live(time.Minute); n != 2 || s.Runs != 2 {
			t.Errorf("late restart: ran %d times, status %+v", n, s)
		}
	})
}

func TestStopWaitsButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended error
		r, _ := started(t, testdb.SQLite(t), Job{Name: "long", Schedule: "@hourly", Deadline: time.Hour,
			Run: func(ctx context.Context, _ time.Time, _ database.Lease) (Report, error) {
				<-ctx.Done()
				ended = ctx.Err()
				return nil, ended
			}})
		synctest.Wait()
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		err := r.Stop(ctx)
		synctest.Wait()
		if err == nil || !strings.Contains(err.Error(), "still running: long") || time.Since(begun) != 20*time.Second {
			t.Errorf("stopped after %s with %v", time.Since(begun), err)
		}
		if !errors.Is(ended, context.Canceled) {
			t.Errorf("the run saw %v", ended)
		}
		if err := r.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestHistoryIsPruned(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		for job, n := range map[string]int{"a": 5, "b": 2} {
			for i := range n {
				run := Run{Job: job, Started: sessions.Millis(110 + 10*i), Outcome: OK}
				if err := saveRun(t.Context(), db, database.Lease{}, &run, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		var dropped int64
		if err := db.Write(t.Context(), func(tx *gorm.DB) (err error) {
			dropped, err = pruneRuns(tx, 3)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		want := `job  started_at
a    130
a    140
a    150
b    110
b    120
`
		if got := testdb.Rows(t, db, "SELECT job, started_at FROM job_runs ORDER BY job, started_at"); got != want || dropped != 2 {
			t.Errorf("dropped %d, kept\n%s", dropped, got)
		}
	})
}
