package jobs

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// counter counts the runs of jobs of several runners.
type counter struct{ runs, running, atOnce atomic.Int64 }

// job is a job that seldom comes by its schedule, takes a while, and is counted.
func (c *counter) job(takes time.Duration) Job {
	return Job{Name: "rare", Schedule: "@every 1h", Purpose: "count", Deadline: time.Minute,
		Run: func(context.Context, time.Time, database.Lease) (Report, error) {
			c.runs.Add(1)
			if n := c.running.Add(1); n > c.atOnce.Load() {
				c.atOnce.Store(n)
			}
			time.Sleep(takes)
			c.running.Add(-1)
			return nil, nil
		}}
}

var ann = Order{Job: "rare", Who: "ann@desk", Reason: "to see\x00 it"}

func TestARunThatIsAskedForBeginsWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		var count counter
		_, stop := started(t, db, count.job(10*time.Second))
		_, stopOther := started(t, db, count.job(10*time.Second)) // another process
		pass(time.Minute)
		count.runs.Store(0)
		asked, err := RequestRun(t.Context(), db, ann, time.Now())
		if err != nil || asked.Number != 1 || asked.Begun != nil {
			t.Fatalf("%+v, %v", asked, err)
		}
		if again, err := RequestRun(t.Context(), db, ann, time.Now()); err != nil || again.Number != 1 {
			t.Errorf("asked again before it began: %+v, %v", again, err)
		}
		pass(1100 * time.Millisecond)
		if r, err := FindRequest(t.Context(), db, "rare"); count.runs.Load() != 1 || err != nil || r.Begun == nil || r.Ended != nil {
			t.Errorf("after a second: %d runs, %+v, %v", count.runs.Load(), r, err)
		}
		pass(10 * time.Second)
		r, err := FindRequest(t.Context(), db, "rare")
		if err != nil || count.runs.Load() != 1 || r.Ended == nil || r.Outcome != OK || r.Who != "ann@desk" || r.Reason != "to see it" {
			t.Errorf("after its end: %d runs, %+v, %v", count.runs.Load(), r, err)
		}
		history, err := Runs(t.Context(), db, "rare", 0, 10)
		if err != nil || len(history) == 0 || history[0].Started.Time().Before(asked.Asked) {
			t.Errorf("a run that did nothing, but was asked for, is not in the history: %+v, %v", history, err)
		}
		if _, err := RequestRun(t.Context(), db, ann, time.Now()); err != nil {
			t.Fatal(err)
		}
		again := sessions.MillisOf(time.Now())
		pass(12 * time.Second)
		if states, err := loadStates(db.Read(t.Context())); err != nil || states["rare"].Started < again {
			t.Errorf("the last run is not the one that was asked for: %+v, %v", states["rare"], err)
		}
		pass(time.Minute)
		stop()
		stopOther()
		if count.runs.Load() != 2 {
			t.Errorf("ran %d times", count.runs.Load())
		}
	})
}

func TestARunThatIsAskedForWaitsForTheOneUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		var count counter
		_, stop := started(t, db, count.job(10*time.Second)) // runs at once
		pass(2 * time.Second)
		for range 3 {
			if _, err := RequestRun(t.Context(), db, ann, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		pass(6 * time.Second)
		if count.runs.Load() != 1 {
			t.Errorf("%d runs while the first is under way", count.runs.Load())
		}
		pass(15 * time.Second)
		stop()
		if count.runs.Load() != 2 || count.atOnce.Load() != 1 {
			t.Errorf("%d runs, %d at once; want 2, one after the other", count.runs.Load(), count.atOnce.Load())
		}
	})
}

func TestAPausedJobRunsWhenAskedOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		var count counter
		r, stop := started(t, db, count.job(0))
		pass(time.Minute)
		if err := PauseJob(t.Context(), db, ann, time.Now()); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Hour)
		status := onlyStatus(t, r)
		if count.runs.Load() != 1 || status.Paused == nil || status.Paused.Who != "ann@desk" || status.Next != nil {
			t.Errorf("paused: %d runs, %+v", count.runs.Load(), status)
		}
		if _, err := RequestRun(t.Context(), db, ann, time.Now()); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Hour)
		if status = onlyStatus(t, r); count.runs.Load() != 2 || status.Paused == nil || status.Request.Outcome != OK {
			t.Errorf("paused and asked: %d runs, %+v", count.runs.Load(), status)
		}
		if err := ResumeJob(t.Context(), db, "rare"); err != nil {
			t.Fatal(err)
		}
		pass(90 * time.Minute)
		status = onlyStatus(t, r)
		stop()
		if count.runs.Load() < 3 || status.Paused != nil || status.Next == nil {
			t.Errorf("resumed: %d runs, %+v", count.runs.Load(), status)
		}
	})
}

// onlyStatus is how the one job of a runner stands.
func onlyStatus(t *testing.T, r *Runner) Status {
	t.Helper()
	list, err := r.Standing(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	return list[0]
}

// What the database says of jobs, without any process that serves.
func TestTheTableWithoutAServe(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		if list, err := Table(t.Context(), db, time.Now()); err != nil || len(list) != 0 {
			t.Errorf("before any start: %+v, %v", list, err)
		}
		if _, err := RequestRun(t.Context(), db, ann, time.Now()); !errors.Is(err, ErrUnknownJob) || !strings.Contains(err.Error(), "no serve") {
			t.Errorf("before any start: %v", err)
		}
		var count counter
		_, stop := started(t, db, count.job(0))
		stop()
		for what, err := range map[string]error{
			"pause":    PauseJob(t.Context(), db, Order{Job: "none", Who: "ann", Reason: "x"}, time.Now()),
			"resume":   ResumeJob(t.Context(), db, "none"),
			"a reason": PauseJob(t.Context(), db, Order{Job: "rare", Who: "ann", Reason: " "}, time.Now()),
		} {
			if err == nil || what != "a reason" && !errors.Is(err, sessions.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := Runs(t.Context(), db, "none", 0, 5); !errors.Is(err, ErrUnknownJob) {
			t.Errorf("runs of no job: %v", err)
		}
		if err := ResumeJob(t.Context(), db, "rare"); err != nil {
			t.Errorf("resume what is not paused: %v", err)
		}
		list, err := Table(t.Context(), db, time.Now())
		if err != nil || len(list) != 1 || list[0].Name != "rare" || list[0].Outcome != OK || list[0].Next == nil || !list[0].Next.After(time.Now()) {
			t.Errorf("after the end: %+v, %v", list, err)
		}
	})
}

// Once a pause of delivery is answered no attempt begins, not even by a worker under way; unless a run
// is asked for during the pause.
func TestAPausedDeliveryBeginsNoAttempt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		p.told.add(1, "trg_1", "trg_2")
		if _, err := p.fanOut(t.Context(), database.Lease{}, 1); err != nil {
			t.Fatal(err)
		}
		if err := saveTable(t.Context(), db, []*scheduled{{Job: p.Job("@every 1s")}}); err != nil {
			t.Fatal(err)
		}
		pause := Order{Job: DeliveryJob, Who: "ann", Reason: "the shop moves"}
		if err := PauseJob(t.Context(), db, pause, time.Now()); err != nil {
			t.Fatal(err)
		}
		if c, err := p.claim(t.Context(), 1, database.Lease{}, 0); err != nil || len(c.attempts)+len(c.ended) != 0 {
			t.Errorf("a worker from before the pause claims %+v, %v", c, err)
		}
		since, err := pausedSince(db.Read(t.Context()), DeliveryJob)
		if err != nil || since == 0 {
			t.Fatal(since, err)
		}
		if c, err := p.claim(t.Context(), 1, database.Lease{}, since); err != nil || len(c.attempts) != 2 {
			t.Errorf("a worker that was asked for during the pause claims %+v, %v", c, err)
		}
	})
}
