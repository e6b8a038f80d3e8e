package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// DeliveryJob is the name of the job that sends triggers.
const DeliveryJob = "delivery"

// ErrUnknownJob says that the table has no job of a name.
var ErrUnknownJob = fmt.Errorf("there is no such job: %w", sessions.ErrNotFound)

// Order is what an operator wants of a job: who wants it, and why.
type Order struct {
	Job    string
	Who    string
	Reason string
}

// tidy makes an order's words fit for both databases and a line of a table.
func (o Order) tidy() Order { return Order{o.Job, oneLine(o.Who), oneLine(o.Reason)} }

// Pause says that a job is paused, since when, by whom and why.
type Pause struct {
	Since  time.Time `json:"since"`
	Who    string    `json:"who"`
	Reason string    `json:"reason"`
}

type pauseRow struct {
	Job    string `gorm:"primaryKey"`
	Since  int64
	Who    string
	Reason string
}

func (pauseRow) TableName() string { return "job_pauses" }

func (r pauseRow) pause() *Pause {
	return &Pause{sessions.Millis(r.Since).Time(), r.Who, r.Reason}
}

// PauseJob lets no run of a job begin by its schedule any more, in any process, until [ResumeJob]; a
// run under way ends as usual. Once it returned, no attempt of a delivery begins either. The error is
// [ErrUnknownJob] if there is no such job.
func PauseJob(ctx context.Context, db *database.DB, o Order, now time.Time) error {
	if strings.TrimSpace(o.Reason) == "" {
		return errors.New("pause a job: say why, for whoever finds it paused")
	}
	err := db.Write(ctx, func(tx *gorm.DB) error {
		if err := checkKnown(tx, o.Job); err != nil {
			return err
		}
		// Whoever holds the head may be beginning attempts: what comes after sees the pause.
		if _, err := sessions.ReadHead(database.Lock(tx)); err != nil {
			return err
		}
		return PauseIn(tx, o, now)
	})
	if err != nil {
		return fmt.Errorf("pause job %q: %w", o.Job, err)
	}
	return nil
}

// PauseIn is [PauseJob] as a part of a transaction, for a job that need not be in the table yet and
// that no process can be running.
func PauseIn(tx *gorm.DB, o Order, now time.Time) error {
	o = o.tidy()
	row := pauseRow{o.Job, int64(sessions.MillisOf(now)), o.Who, o.Reason}
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
}

// ResumeJob ends the pause of a job; one that is not paused stays as it is.
func ResumeJob(ctx context.Context, db *database.DB, job string) error {
	err := db.Write(ctx, func(tx *gorm.DB) error {
		ended := tx.Exec("DELETE FROM job_pauses WHERE job = ?", job)
		if ended.Error != nil || ended.RowsAffected > 0 {
			return ended.Error
		}
		return checkKnown(tx, job)
	})
	if err != nil {
		return fmt.Errorf("resume job %q: %w", job, err)
	}
	return nil
}

// pausedSince is when a job was paused, 0 if it is not.
func pausedSince(tx *gorm.DB, job string) (sessions.Millis, error) {
	var since []int64
	if err := tx.Raw("SELECT since FROM job_pauses WHERE job = ?", job).Scan(&since).Error; err != nil {
		return 0, fmt.Errorf("look whether job %s is paused: %w", job, err)
	}
	if len(since) == 0 {
		return 0, nil
	}
	return sessions.Millis(since[0]), nil
}
