package jobs

import (
	"context"
	"time"

	"cartwright/sessions"
)

// Status is what there is to know of a job now.
type Status struct {
	Name     string     `json:"name"`
	Schedule string     `json:"schedule"`
	Purpose  string     `json:"purpose"`
	Running  bool       `json:"running"`                   // in the process that was asked
	Standby  bool       `json:"standby,omitempty"`         // another process than that runs it
	Started  *time.Time `json:"last_started_at,omitempty"` // of the last run that ended
	Ended    *time.Time `json:"last_ended_at,omitempty"`
	Outcome  string     `json:"outcome,omitempty"` // ok, failed or panicked
	Report   Report     `json:"report,omitempty"`
	Error    string     `json:"error,omitempty"`
	Runs     int64      `json:"runs"` // ever
	Next     *time.Time `json:"next_run_at,omitempty"`
	Paused   *Pause     `json:"paused,omitempty"`
	Request  *Request   `json:"last_request,omitempty"` // the last run that was asked for

	Outcomes map[string]int64 `json:"-"` // how often runs of this process ended so
}

// ran sets what the last run that ended says.
func (s *Status) ran(last state) {
	s.Started, s.Ended = moment(last.Started), moment(last.Ended)
	s.Outcome, s.Report, s.Error, s.Runs = last.Outcome, last.Report, last.Error, last.runs
}

// Status returns the table as this process has it, in its order. Next is absent
// before [Runner.Start]. What others ask for and do is in [Runner.Standing].
func (r *Runner) Status() []Status {
	list := make([]Status, len(r.jobs))
	for i, s := range r.jobs {
		running, last, _ := s.now()
		_, acts := s.own()
		list[i] = Status{Name: s.Name, Schedule: s.Schedule, Purpose: s.Purpose,
			Running: running, Standby: !acts, Outcomes: s.counted()}
		list[i].ran(last)
		if next := r.cron.Entry(s.entry).Next; !next.IsZero() {
			next = next.UTC()
			list[i].Next = &next
		}
	}
	return list
}

// Standing returns the table as it stands: what the database has of all
// processes, and what this one knows better. Next is absent while a job is paused.
func (r *Runner) Standing(ctx context.Context) ([]Status, error) {
	list, err := Table(ctx, r.db, time.Now())
	if err != nil {
		return nil, err
	}
	own := map[string]Status{}
	for _, s := range r.Status() {
		own[s.Name] = s
	}
	for i, stored := range list {
		here, found := own[stored.Name]
		if !found || here.Started == nil || stored.Started != nil && stored.Started.After(*here.Started) {
			list[i].Running, list[i].Standby = here.Running, here.Standby
			continue
		}
		here.Paused, here.Request = stored.Paused, stored.Request
		if here.Paused != nil {
			here.Next = nil
		}
		list[i] = here
	}
	return list, nil
}

// moment returns a time, nil for none.
func moment(m sessions.Millis) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}

// lateness is how far a job may stay behind its schedule before it is late: what
// is stored of runs may be a minute old.
const lateness = staleness + time.Minute

// Late is for how long the job should have run, 0 if it is on time. A job that
// never ran is on time.
func (s Status) Late(now time.Time) time.Duration {
	schedule, err := parseSchedule(s.Schedule)
	if err != nil || s.Started == nil {
		return 0
	}
	late := now.Sub(schedule.Next(*s.Started))
	if late < lateness {
		return 0
	}
	return late
}
