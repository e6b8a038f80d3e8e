package jobs

import (
	"time"

	"cartwright/sessions"
)

// Status is what there is to know of a job now.
type Status struct {
	Name     string     `json:"name"`
	Schedule string     `json:"schedule"`
	Purpose  string     `json:"purpose"`
	Running  bool       `json:"running"`
	Started  *time.Time `json:"last_started_at,omitempty"` // of the last run that ended
	Ended    *time.Time `json:"last_ended_at,omitempty"`
	Outcome  string     `json:"outcome,omitempty"` // ok, failed or panicked
	Report   Report     `json:"report,omitempty"`
	Error    string     `json:"error,omitempty"`
	Runs     int64      `json:"runs"` // ever
	Next     *time.Time `json:"next_run_at,omitempty"`

	Outcomes map[string]int64 `json:"-"` // how often runs of this process ended so
}

// Status returns the table as it stands, in its order. Next is absent before
// [Runner.Start].
func (r *Runner) Status() []Status {
	list := make([]Status, len(r.jobs))
	for i, s := range r.jobs {
		running, last, _ := s.now()
		list[i] = Status{
			Name: s.Name, Schedule: s.Schedule, Purpose: s.Purpose, Running: running,
			Started: moment(last.Started), Ended: moment(last.Ended),
			Outcome: last.Outcome, Report: last.Report, Error: last.Error, Runs: last.runs,
			Outcomes: s.counted(),
		}
		if next := r.cron.Entry(s.entry).Next; !next.IsZero() {
			next = next.UTC()
			list[i].Next = &next
		}
	}
	return list
}

// moment returns a time, nil for none.
func moment(m sessions.Millis) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}
