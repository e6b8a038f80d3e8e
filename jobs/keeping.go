package jobs

import (
	"context"
	"time"

	"cartwright/sessions/database"
)

// leaseOf names the lease of a job.
func leaseOf(job string) string { return "job:" + job }

// keep prolongs the leases, and takes those that become free, until ctx ends.
// When the database is away they end by themselves, and no job is begun.
func (r *Runner) keep(ctx context.Context) {
	ticks := time.NewTicker(database.LeaseTime / 3)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		if err := r.hold(ctx); err != nil && ctx.Err() == nil {
			r.log.Error("leases of jobs", "error", err)
		}
	}
}

// hold takes and prolongs leases once. Of the jobs that this process did not run
// until now it reads how the last run went: to show it, or to go on from there.
func (r *Runner) hold(ctx context.Context) error {
	now := time.Now().UTC()
	var wanted []string
	for _, s := range r.jobs {
		if !s.Everywhere && !s.stuck(now) {
			wanted = append(wanted, leaseOf(s.Name))
		}
	}
	held, err := r.holder.Take(ctx, wanted...)
	if err != nil {
		return err
	}
	var states map[string]state
	for _, s := range r.jobs {
		lease, acts := held[leaseOf(s.Name)]
		if before, acted := s.own(); acted && before == lease {
			continue
		}
		if states == nil {
			if states, err = loadStates(r.db.Read(ctx)); err != nil {
				return err
			}
		}
		if s.adopt(lease, acts || s.Everywhere, states[s.Name], now) {
			r.runAtOnce(s)
		}
	}
	return nil
}

// mine returns the lease under which this process runs a job, and false when it is
// another's, or so long not prolonged that this process must have slept.
func (r *Runner) mine(s *scheduled) (database.Lease, bool) {
	lease, acts := s.own()
	if acts && !s.Everywhere {
		_, acts = r.holder.Held(lease.Name)
	}
	return lease, acts
}

// runAtOnce runs a job without waiting for its time.
func (r *Runner) runAtOnce(s *scheduled) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ending {
		r.atOnce.Go(func() { r.tick(s) })
	}
}

// Release gives up the leases, so that other processes go on at once. It is the
// last thing, after [Delivery.Close], whose workers outlive the runs.
func (r *Runner) Release(ctx context.Context) error {
	if r.letGo != nil {
		r.letGo()
		r.keeper.Wait()
	}
	return r.holder.Release(ctx)
}
