package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// scheduled is a job of a runner, and how its runs went.
type scheduled struct {
	Job
	schedule cron.Schedule
	entry    cron.EntryID

	mu       sync.Mutex     // guards what follows
	acts     bool           // whether this process runs the job
	lease    database.Lease // under which it does; zero of jobs that run everywhere
	busy     time.Time      // when the run began that has not ended; zero for none
	skipping bool           // a tick was skipped since
	state    state          // the last run that ended
	saved    sessions.Millis
	outcomes map[string]int64 // how often runs ended so since the start
}

// own returns whether this process runs the job, and under which lease.
func (s *scheduled) own() (database.Lease, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lease, s.acts
}

// adopt makes the job this process's, under a lease, or another's. last is how the
// last run anywhere went. It says whether a run is overdue that is now for this
// process to make.
func (s *scheduled) adopt(lease database.Lease, acts bool, last state, now time.Time) (overdue bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lease, s.acts = lease, acts
	if last.Job != "" {
		s.state, s.saved = last, last.Started
	}
	return acts && !s.schedule.Next(s.state.Started.Time()).After(now)
}

// stuck reports whether a run goes on long after its deadline: then another
// process may take the job over.
func (s *scheduled) stuck(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.busy.IsZero() && now.Sub(s.busy) > s.Deadline+time.Minute
}

// begin says whether a run may begin at now. first is true for the first tick
// that is skipped because of one run; those after it are not worth a line.
func (s *scheduled) begin(now time.Time) (run, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.busy.IsZero() {
		first, s.skipping = !s.skipping, true
		s.outcomes[Skipped]++
		return false, first
	}
	s.busy, s.skipping = now, false
	return true, false
}

// end takes note of a run and returns what is to be saved, nil for nothing. One that somebody asked for is
// worth it, whatever it did.
func (s *scheduled) end(run Run, asked bool) (history *Run, last *state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keep, save := worth(run, s.state.Run, s.saved)
	s.busy = time.Time{}
	s.outcomes[run.Outcome]++
	s.state = state{run, s.state.runs + 1}
	if keep || asked {
		history = &run
	}
	if save || asked {
		s.saved = run.Started
		copied := s.state
		last = &copied
	}
	return history, last
}

// pass ends what begin began, without a run.
func (s *scheduled) pass() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = time.Time{}
}

// now returns whether the job runs, its last run, and when that was saved.
func (s *scheduled) now() (running bool, last state, saved sessions.Millis) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.busy.IsZero(), s.state, s.saved
}

// counted returns how often the job's runs ended in each outcome since the start.
func (s *scheduled) counted() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.outcomes)
}

// perform runs the job under its deadline and survives its panic.
func (s *scheduled) perform(ctx context.Context, now time.Time, lease database.Lease, log *slog.Logger) (run Run) {
	run = Run{Job: s.Name, Started: sessions.MillisOf(now), Outcome: OK}
	defer func() {
		if p := recover(); p != nil {
			run.Outcome, run.Error = Panicked, oneLine(fmt.Sprint(p))
			log.Error("job panicked", "job", s.Name, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, s.Deadline)
	defer cancel()
	report, err := s.Run(ctx, now, lease)
	run.Report = report
	switch {
	case err != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		run.Outcome, run.Error = Failed, oneLine(database.Redact(fmt.Sprintf("not done within %s: %v", s.Deadline, err)))
	case err != nil:
		run.Outcome, run.Error = Failed, oneLine(database.Redact(err.Error()))
	}
	return run
}

// oneLine makes a text fit for both databases and a table on a screen.
func oneLine(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(strings.ReplaceAll(text, "\x00", " ")), " "), "?")
	if len(text) > 500 {
		text = strings.ToValidUTF8(text[:500], "") + "…"
	}
	return text
}
