package jobs

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Request is a run of a job that somebody asked for, and what became of it.
type Request struct {
	Number  int64      `json:"number"` // of this job's requests
	Asked   time.Time  `json:"asked_at"`
	Who     string     `json:"who"`
	Reason  string     `json:"reason,omitempty"`
	Begun   *time.Time `json:"begun_at,omitempty"` // absent: nobody took it up yet
	Ended   *time.Time `json:"ended_at,omitempty"` // absent: it has not ended
	Outcome string     `json:"outcome,omitempty"`  // ok, failed or panicked
	Report  Report     `json:"report,omitempty"`
	Error   string     `json:"error,omitempty"`
}

type requestRow struct {
	Job     string `gorm:"primaryKey"`
	Number  int64
	AskedAt int64
	Who     string
	Reason  string
	BegunAt int64
	EndedAt int64
	Outcome string
	Report  []byte
	Error   string
}

func (requestRow) TableName() string { return "job_requests" }

func (r requestRow) request() (*Request, error) {
	report, err := decodeReport(r.Report)
	if err != nil {
		return nil, fmt.Errorf("read the request of job %s: %w", r.Job, err)
	}
	return &Request{r.Number, sessions.Millis(r.AskedAt).Time(), r.Who, r.Reason,
		moment(sessions.Millis(r.BegunAt)), moment(sessions.Millis(r.EndedAt)), r.Outcome, report, r.Error}, nil
}

// RequestRun asks for one run of a job, as soon as a serving process takes it up, within about a
// second: also of a job that is paused, which stays so, and never beside a run of the same job, which
// it waits for. If a request waits already, that one is returned. The error is [ErrUnknownJob] if
// there is no such job.
func RequestRun(ctx context.Context, db *database.DB, o Order, now time.Time) (r *Request, err error) {
	o = o.tidy()
	err = db.Write(ctx, func(tx *gorm.DB) error {
		if err := checkKnown(tx, o.Job); err != nil {
			return err
		}
		before, err := loadRequests(database.Lock(tx).Where("job = ?", o.Job))
		if err != nil {
			return err
		}
		row := requestRow{Job: o.Job, Number: 1, AskedAt: int64(sessions.MillisOf(now)), Who: o.Who, Reason: o.Reason, Report: encodeReport(nil)}
		if len(before) > 0 {
			row.Number = before[0].Number + 1
		}
		if len(before) > 0 && before[0].BegunAt == 0 {
			row = before[0]
		} else if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		r, err = row.request()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ask for a run of job %q: %w", o.Job, err)
	}
	return r, nil
}

// FindRequest returns the last request of a job, nil if there never was one.
func FindRequest(ctx context.Context, db *database.DB, job string) (*Request, error) {
	rows, err := loadRequests(db.Read(ctx).Where("job = ?", job))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].request()
}

func loadRequests(query *gorm.DB) ([]requestRow, error) {
	var rows []requestRow
	if err := query.Order("job").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load requests of runs: %w", err)
	}
	return rows, nil
}

// takeRequest makes a request the caller's to run; false if another process was first.
func takeRequest(ctx context.Context, db *database.DB, lease database.Lease, r requestRow, now time.Time) (taken bool, err error) {
	err = db.Write(ctx, func(tx *gorm.DB) error {
		if err := lease.Hold(tx); err != nil {
			return err
		}
		update := tx.Exec("UPDATE job_requests SET begun_at = ? WHERE job = ? AND number = ? AND begun_at = 0",
			int64(sessions.MillisOf(now)), r.Job, r.Number)
		taken = update.RowsAffected == 1
		return update.Error
	})
	if err != nil {
		return false, fmt.Errorf("take up the request of job %s: %w", r.Job, err)
	}
	return taken, nil
}

// settleRequest notes how the run of a request went, unless there is a later request.
func settleRequest(ctx context.Context, db *database.DB, lease database.Lease, r requestRow, run Run) error {
	err := db.Write(ctx, func(tx *gorm.DB) error {
		if err := lease.Hold(tx); err != nil {
			return err
		}
		return tx.Exec("UPDATE job_requests SET ended_at = ?, outcome = ?, report = ?, error = ? WHERE job = ? AND number = ?",
			int64(run.Ended), run.Outcome, encodeReport(run.Report), run.Error, r.Job, r.Number).Error
	})
	if err != nil {
		return fmt.Errorf("note how the requested run of job %s went: %w", r.Job, err)
	}
	return nil
}
