package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Runner wakes the jobs of a table by their schedules and keeps their history.
// It is started once and stopped once.
type Runner struct {
	db   *database.DB
	log  *slog.Logger
	cron *cron.Cron
	jobs []*scheduled // in the order of the table

	holder  *database.Holder // of the jobs' leases
	keeper  sync.WaitGroup   // what prolongs them
	letGo   context.CancelFunc
	base    context.Context // of all runs
	cancel  context.CancelFunc
	unwatch context.CancelFunc // ends the looking for requests

	mu     sync.Mutex     // guards ending, after which nothing is added to atOnce
	ending bool           // no run begins any more
	atOnce sync.WaitGroup // the runs that cron did not begin, and what looks for requests
}

// NewRunner returns a runner for a table, or everything that [Check] finds wrong
// with it. A nil logger logs nothing.
func NewRunner(db *database.DB, log *slog.Logger, table []Job) (*Runner, error) {
	if err := Check(table); err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Runner{db: db, log: log, holder: db.NewHolder(), cron: cron.New(cron.WithLocation(time.UTC), cron.WithLogger(cron.DiscardLogger))}
	for _, j := range table {
		schedule, err := parseSchedule(j.Schedule)
		if err != nil {
			return nil, err
		}
		s := &scheduled{Job: j, schedule: schedule, state: state{Run: Run{Job: j.Name}}, outcomes: map[string]int64{}}
		s.entry = r.cron.Schedule(schedule, cron.FuncJob(func() { r.tick(s) }))
		r.jobs = append(r.jobs, s)
	}
	return r, nil
}

// Start takes the leases that are free, reads how the last runs went and begins to
// wake the jobs. A job that never ran, or whose time came while nobody had its
// lease, runs at once. The end of ctx does not stop the runner: [Runner.Stop] does.
func (r *Runner) Start(ctx context.Context) error {
	if err := saveTable(ctx, r.db, r.jobs); err != nil {
		return err
	}
	r.base, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	watching, unwatch := context.WithCancel(r.base)
	r.unwatch = unwatch
	if err := r.hold(ctx); err != nil {
		return err
	}
	r.cron.Start()
	r.atOnce.Go(func() { r.watch(watching) })
	ctx, r.letGo = context.WithCancel(context.WithoutCancel(ctx))
	r.keeper.Go(func() { r.keep(ctx) })
	return nil
}

// Stop wakes no job any more and waits for those that run. When ctx ends first
// it ends the runs' contexts and returns an error naming the jobs. The leases
// stay until [Runner.Release].
func (r *Runner) Stop(ctx context.Context) error {
	if r.cancel == nil {
		return nil // never started
	}
	r.mu.Lock()
	r.ending = true
	r.mu.Unlock()
	defer r.cancel()
	if err := r.drain(ctx); err != nil {
		return err
	}
	return r.saveStates(ctx)
}

// drain waits for the end of all runs.
func (r *Runner) drain(ctx context.Context) error {
	r.unwatch()
	woken := r.cron.Stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-woken.Done()
		r.atOnce.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop jobs: still running: %s: %w", strings.Join(r.running(), ", "), ctx.Err())
	}
}

// running returns the names of the jobs that run.
func (r *Runner) running() []string {
	var names []string
	for _, s := range r.jobs {
		if running, _, _ := s.now(); running {
			names = append(names, s.Name)
		}
	}
	return names
}

// saveStates saves what the runs that did nothing left unsaved.
func (r *Runner) saveStates(ctx context.Context) error {
	for _, s := range r.jobs {
		lease, acts := s.own()
		_, last, saved := s.now()
		if !acts || last.Started == saved {
			continue
		}
		err := saveRun(ctx, r.db, lease, nil, &last)
		if err != nil && !errors.Is(err, database.ErrLost) { // who took it over saves its own
			return err
		}
	}
	return nil
}

// tick is one waking of a job.
func (r *Runner) tick(s *scheduled) {
	lease, acts := r.mine(s)
	if !acts {
		return
	}
	now := time.Now().UTC()
	if run, first := s.begin(now); !run {
		if first {
			r.save(lease, &Run{Job: s.Name, Started: sessions.MillisOf(now), Ended: sessions.MillisOf(now),
				Outcome: Skipped, Error: "the run before has not ended"}, nil)
		}
		return
	}
	paused, err := pausedSince(r.db.Read(r.base), s.Name)
	if paused != 0 {
		s.pass()
		return
	}
	run := Run{Job: s.Name, Started: sessions.MillisOf(now), Outcome: Failed}
	if err != nil {
		run.Error = oneLine(err.Error())
	} else {
		run = s.perform(r.base, now, lease, r.log)
	}
	run.Ended = sessions.MillisOf(time.Now())
	history, last := s.end(run, false)
	r.save(lease, history, last)
}

// save keeps what is worth it. When the database does not take it there is
// nobody to tell but the log: the job itself went as it went. After the end of the
// lease the history is another's to write.
func (r *Runner) save(lease database.Lease, history *Run, last *state) {
	if history == nil && last == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.base), 10*time.Second)
	defer cancel()
	err := saveRun(ctx, r.db, lease, history, last)
	if errors.Is(err, database.ErrLost) {
		r.log.Info("a job is run elsewhere: what this process did after is undone", "lease", lease.Name, "token", lease.Token)
		return
	}
	if history != nil && history.Error != "" {
		level := slog.LevelError
		if history.Outcome == Skipped {
			level = slog.LevelWarn // the next tick makes up for it
		}
		r.log.Log(ctx, level, "job did not go well", "job", history.Job, "outcome", history.Outcome, "error", history.Error)
	}
	if err != nil {
		r.log.Error("history of jobs", "error", err)
	}
}
