package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// tableRow is a line of the table as a serving process last had it, for those who look at the database.
type tableRow struct {
	Job      string `gorm:"primaryKey"`
	Place    int64
	Schedule string
	Purpose  string
	Deadline int64
}

func (tableRow) TableName() string { return "job_table" }

// saveTable makes the stored table that of this process.
func saveTable(ctx context.Context, db *database.DB, jobs []*scheduled) error {
	rows := make([]tableRow, len(jobs))
	for i, s := range jobs {
		rows[i] = tableRow{s.Name, int64(i), s.Schedule, s.Purpose, s.Deadline.Milliseconds()}
	}
	err := db.Write(ctx, func(tx *gorm.DB) error {
		// The lock keeps replicas that start together from each other's rows.
		if _, err := sessions.ReadHead(database.Lock(tx)); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM job_table").Error; err != nil || len(rows) == 0 {
			return err
		}
		return tx.Create(&rows).Error
	})
	if err != nil {
		return fmt.Errorf("save the table of jobs: %w", err)
	}
	return nil
}

func loadTable(tx *gorm.DB) ([]tableRow, error) {
	var rows []tableRow
	if err := tx.Order("place").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load the table of jobs: %w", err)
	}
	return rows, nil
}

// checkKnown answers [ErrUnknownJob] for a job that is not in the stored table, naming those that are.
func checkKnown(tx *gorm.DB, job string) error {
	rows, err := loadTable(tx)
	if err != nil {
		return err
	}
	var names []string
	for _, r := range rows {
		if r.Job == job {
			return nil
		}
		names = append(names, r.Job)
	}
	if names == nil {
		return fmt.Errorf("%w: no serve has run on this database yet", ErrUnknownJob)
	}
	return fmt.Errorf("%w; there are %q", ErrUnknownJob, names)
}

// Table returns how the jobs stand, as the database has it: at most a minute behind for runs that did
// nothing. It needs no serving process; whether one is there shows in when the jobs last ran.
func Table(ctx context.Context, db *database.DB, now time.Time) (list []Status, err error) {
	err = db.Snapshot(ctx, func(tx *gorm.DB) error {
		rows, err := loadTable(tx)
		if err != nil {
			return err
		}
		orders, err := loadOrders(tx)
		if err != nil {
			return err
		}
		list = []Status{}
		for _, r := range rows {
			status, err := r.status(orders, now)
			if err != nil {
				return err
			}
			list = append(list, status)
		}
		return nil
	})
	return list, err
}

// orders is everything stored of jobs, by name.
type orders struct {
	states   map[string]state
	pauses   map[string]*Pause
	requests map[string]*Request
}

func loadOrders(tx *gorm.DB) (o orders, err error) {
	o = orders{pauses: map[string]*Pause{}, requests: map[string]*Request{}}
	if o.states, err = loadStates(tx); err != nil {
		return o, err
	}
	var pauses []pauseRow
	if err := tx.Find(&pauses).Error; err != nil {
		return o, fmt.Errorf("load pauses: %w", err)
	}
	for _, row := range pauses {
		o.pauses[row.Job] = row.pause()
	}
	requests, err := loadRequests(tx)
	if err != nil {
		return o, err
	}
	for _, row := range requests {
		if o.requests[row.Job], err = row.request(); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (r tableRow) status(o orders, now time.Time) (Status, error) {
	schedule, err := parseSchedule(r.Schedule)
	if err != nil {
		return Status{}, fmt.Errorf("job %s: %w", r.Job, err)
	}
	s := Status{Name: r.Job, Schedule: r.Schedule, Purpose: r.Purpose, Paused: o.pauses[r.Job], Request: o.requests[r.Job]}
	s.ran(o.states[r.Job])
	if s.Paused == nil {
		next := upcoming(schedule, o.states[r.Job].Started.Time(), now)
		s.Next = &next
	}
	return s, nil
}

// upcoming is when a schedule comes after now. Intervals are counted from a run that is known.
func upcoming(schedule cron.Schedule, ran, now time.Time) time.Time {
	if every, ok := schedule.(cron.ConstantDelaySchedule); ok && !ran.After(now) {
		missed := now.Sub(ran).Truncate(every.Delay)
		return ran.Add(missed).Add(every.Delay).UTC()
	}
	return schedule.Next(now).UTC()
}
