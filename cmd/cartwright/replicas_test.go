package main

import (
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// Two and three replicas under load; each is killed, stopped and cut off in turn.
func TestReplicas(t *testing.T) {
	binary := build(t, "")
	for name, n := range map[string]int{"two": 2, "three": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, binary, n)
			visitors := f.visit(4)
			probe := visitors.watch()
			time.Sleep(2 * time.Second) // of peace
			for _, fault := range []func(*replica){f.kill, f.stop, f.silence} {
				f.inTurn(fault)
			}
			time.Sleep(2 * time.Second)
			acknowledged := visitors.leave()
			probe.check(t)
			f.settle()
			f.check(visitors, acknowledged)
			f.checkOverlaps(3 * n)
			f.end()
			f.verify()
		})
	}
}

// inTurn does a fault to each replica, first to the one that writes sessions, which another must then do.
func (f *fleet) inTurn(fault func(*replica)) {
	f.t.Helper()
	var held int64
	first := -1
	eventually(f.t, "somebody writes sessions", func() bool {
		var writer string
		writer, held = f.writer()
		first = slices.IndexFunc(f.replicas, func(r *replica) bool { return r.name == writer })
		return first >= 0
	})
	for i := range f.replicas {
		fault(f.replicas[(first+i)%len(f.replicas)])
		eventually(f.t, "sessions are written under another lease", func() bool {
			_, token := f.writer()
			return token > held
		})
	}
}

// settle waits until everything that is to be told was told.
func (f *fleet) settle() {
	f.t.Helper()
	end := time.Now().Add(90 * time.Second) // a message whose outcome is not known is sent again after 30 s
	for {
		var open int64
		err := f.db.Read(f.t.Context()).Raw(`SELECT (SELECT count(*) FROM deliveries WHERE next_attempt_at > 0) +
			(SELECT count(*) FROM triggers WHERE dry = 0 AND seq > (SELECT seq FROM delivery_cursor)) +
			(SELECT count(*) FROM head WHERE seq > (SELECT seq FROM cursors WHERE name = 'sessions'))`).Scan(&open).Error
		if err == nil && open == 0 {
			return
		}
		if time.Now().After(end) {
			f.t.Fatalf("%d things are still open after 90 s: %v", open, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// check compares what was acknowledged with the log, and the triggers with what arrived.
func (f *fleet) check(c *shoppers, acknowledged []string) {
	t := f.t
	t.Helper()
	count := occurrences(t, f.url)
	t.Logf("%d events acknowledged, %d in the log; %d requests had to be repeated", len(acknowledged), len(count), c.tries)
	if n := lost(count, acknowledged); n > 0 || len(acknowledged) < 1000 {
		t.Errorf("%d of %d acknowledged events are lost", n, len(acknowledged))
	}
	for id, n := range count {
		if n > 1 {
			t.Errorf("event %s is in the log %d times", id, n)
		}
	}
	ingest, err := sessions.ReadIngest(f.db.Read(t.Context()))
	if err != nil || ingest.Duplicates < int64(c.again*killedBatch) || ingest.Rejected > 0 || c.again == 0 {
		t.Errorf("%d batches were sent twice, counted are %+v, %v", c.again, ingest, err)
	}
	if len(c.broken) > 0 {
		t.Errorf("clients saw what the contract does not know: %v", c.broken)
	}
	checkTriggersOnce(t, f.url)
	var triggers []string
	if err := f.db.Read(t.Context()).Raw("SELECT trigger_id FROM deliveries WHERE status = 'delivered'").Scan(&triggers).Error; err != nil {
		t.Fatal(err)
	}
	f.hooks.mu.Lock()
	defer f.hooks.mu.Unlock()
	for _, id := range triggers {
		if !f.hooks.seen[id] {
			t.Errorf("trigger %s is noted as delivered and did not arrive", id)
		}
	}
	if len(triggers) == 0 || f.hooks.refused > 0 {
		t.Errorf("%d triggers were delivered, %d refused", len(triggers), f.hooks.refused)
	}
}

// checkOverlaps fails if two replicas wrote under one lease at a time, or if the sessions changed hands
// less often than they must have; it also shows that it would see the former.
func (f *fleet) checkOverlaps(faults int) {
	f.t.Helper()
	if wrong := f.overlaps(); len(wrong) > 0 {
		f.t.Errorf("written by two at a time: %v", wrong)
	}
	var holdings []struct {
		Lease    string
		Tokens   int64
		Replicas int64
		Writes   int64
	}
	err := f.db.Read(f.t.Context()).Raw(`SELECT lease, count(DISTINCT token) AS tokens, count(DISTINCT replica) AS replicas, count(*) AS writes
		FROM audit GROUP BY lease ORDER BY lease`).Scan(&holdings).Error
	f.t.Logf("who wrote under the leases, after %d faults: %+v", faults, holdings)
	if err != nil || len(holdings) < 3 {
		f.t.Errorf("%+v, %v", holdings, err)
	}
	for _, h := range holdings {
		if h.Lease == "sessions" && (h.Tokens < 3 || h.Replicas < 2) {
			f.t.Errorf("the sessions did not change hands: %+v", h)
		}
	}
	// The control: one write of a process that has not the lease.
	err = f.db.Write(f.t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT set_config('test.replica', 'a stale one', true)").Error; err != nil {
			return err
		}
		return tx.Exec("UPDATE cursors SET seq = seq WHERE name = 'sessions'").Error
	})
	if wrong := f.overlaps(); err != nil || len(wrong) == 0 {
		f.t.Errorf("a write without the lease is not seen: %v", err)
	}
}

// end stops all replicas in peace.
func (f *fleet) end() {
	f.t.Helper()
	var ending sync.WaitGroup
	for _, r := range f.replicas {
		ending.Go(func() {
			if err := r.process.end(f.t, syscall.SIGTERM); err != nil {
				f.t.Errorf("%s after SIGTERM: %v\n%s", r.name, err, r.process.log())
			}
		})
	}
	ending.Wait()
}

// verify compares all projections with the log.
func (f *fleet) verify() {
	f.t.Helper()
	if v := invoke[struct{ Differences []string }](f.t, "verify", "--json", "--db", f.url); len(v.Differences) > 0 {
		f.t.Errorf("verify: %v", v.Differences)
	}
}

// Replicas that are restarted one after the other are not noticed by clients that
// keep to the contract.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	f := newFleet(t, build(t, ""), 3, "--shutdown-delay", "1s")
	visitors := f.visit(4)
	time.Sleep(2 * time.Second)
	for _, r := range f.replicas {
		r.ails(true)
		r.process.retire(t)
		if err := r.process.gone(); err != nil {
			t.Errorf("%s: %v\n%s", r.name, err, r.process.log())
		}
		r.start(t, f.binary)
		time.Sleep(time.Second)
	}
	acknowledged := visitors.leave()
	f.settle()
	f.check(visitors, acknowledged)
	f.end()
	f.verify()
	for _, r := range f.replicas {
		if log := r.process.log(); strings.Contains(log, `"level":"ERROR"`) {
			t.Errorf("%s: %s", r.name, log)
		}
	}
}
