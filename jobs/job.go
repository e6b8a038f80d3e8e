package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"cartwright/sessions/database"
)

// Job is one line of the table of what has to be done from time to time.
type Job struct {
	Name     string        // unique; the key of its history
	Schedule string        // five fields as in crontab, or @hourly, @every 30s and the like; in UTC
	Purpose  string        // one sentence for people
	Deadline time.Duration // when the context of a run ends

	// Everywhere says that every process runs the job, because it looks after
	// the process's own memory. Of any other job one process runs each, under a
	// lease, and the others stand by.
	Everywhere bool

	// Run does a bounded amount of what is due at now. It obeys ctx, and each of
	// its transactions confirms the lease, so that a process which slept through
	// the end of it changes nothing; the lease is the zero one of jobs that run
	// everywhere. The report counts also when there is an error.
	Run func(ctx context.Context, now time.Time, lease database.Lease) (Report, error)
}

// Report counts in words what a run did, such as "delivered": 3.
type Report map[string]int64

// Idle reports whether the run did nothing: no count is above zero.
func (r Report) Idle() bool {
	for _, n := range r {
		if n != 0 {
			return false
		}
	}
	return true
}

// Check returns everything that is wrong with a table, in its order, or nil: missing
// and repeated names, and schedules that cannot be read or never fire.
func Check(table []Job) error {
	var wrong []error
	seen := map[string]bool{}
	for _, j := range table {
		if seen[j.Name] {
			wrong = append(wrong, fmt.Errorf("job %q: the name is taken", j.Name))
		}
		seen[j.Name] = true
		if err := j.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("job %q: %w", j.Name, err))
		}
	}
	return errors.Join(wrong...)
}

func (j Job) check() error {
	switch {
	case j.Name == "":
		return errors.New("it has no name")
	case j.Run == nil:
		return errors.New("it has nothing to run")
	case j.Deadline <= 0:
		return errors.New("it has no deadline")
	}
	_, err := parseSchedule(j.Schedule)
	return err
}

// ParseSchedule says whether a text is a schedule that the table takes; the
// error says what is wrong with it. For configuration, before there is a table.
func ParseSchedule(text string) error {
	_, err := parseSchedule(text)
	return err
}

// parseSchedule reads a schedule. It refuses what cron would take and then
// never run, run at other times than written, or panic over.
func parseSchedule(text string) (s cron.Schedule, err error) {
	defer func() {
		// A time zone without anything behind it runs the parser out of its text.
		if recover() != nil {
			s, err = nil, fmt.Errorf("schedule %q cannot be read", text)
		}
	}()
	s, err = cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("schedule %q cannot be read: %w", text, err)
	}
	if err := checkInterval(text); err != nil {
		return nil, err
	}
	// Any year does that is followed by a leap year; a fixed one keeps this a
	// function of the text alone.
	if s.Next(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("schedule %q never comes: no such date", text)
	}
	return s, nil
}

// checkInterval refuses the intervals that cron rounds to whole seconds.
func checkInterval(text string) error {
	_, interval, found := strings.Cut(text, "@every ")
	if !found {
		return nil
	}
	d, err := time.ParseDuration(interval)
	if err == nil && (d < time.Second || d%time.Second != 0) {
		return fmt.Errorf("schedule %q: the shortest interval is 1s, and it is in whole seconds", text)
	}
	return err
}
