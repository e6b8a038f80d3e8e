package jobs

import (
	"context"
	"time"

	"cartwright/sessions"
)

// watching is how often requests are looked for.
const watching = time.Second

// watch takes up the runs that are asked for, until ctx ends.
func (r *Runner) watch(ctx context.Context) {
	ticks := time.NewTicker(watching)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		rows, err := loadRequests(r.db.Read(ctx).Where("begun_at = 0"))
		if err != nil {
			if ctx.Err() == nil {
				r.log.Warn("requests of runs", "error", err)
			}
			continue
		}
		for _, row := range rows {
			for _, s := range r.jobs {
				if s.Name == row.Job {
					r.atOnce.Go(func() { r.oblige(s, row) })
				}
			}
		}
	}
}

// oblige makes the run of a request, unless the job is another process's or runs, when the request
// waits for the next look. Whether the job is paused does not matter.
func (r *Runner) oblige(s *scheduled, request requestRow) {
	lease, acts := r.mine(s)
	if !acts {
		return
	}
	now := time.Now().UTC()
	if run, _ := s.begin(now); !run {
		return
	}
	taken, err := takeRequest(r.base, r.db, lease, request, now)
	if err != nil {
		r.log.Error("request of a run", "job", s.Name, "error", err)
	}
	if !taken {
		s.pass()
		return
	}
	run := s.perform(r.base, now, lease, r.log)
	run.Ended = sessions.MillisOf(time.Now())
	history, last := s.end(run, true)
	r.save(lease, history, last)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.base), 10*time.Second)
	defer cancel()
	if err := settleRequest(ctx, r.db, lease, request, run); err != nil {
		r.log.Error("request of a run", "job", s.Name, "error", err)
	}
}
