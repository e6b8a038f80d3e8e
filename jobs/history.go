package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// The outcomes of a run.
const (
	OK       = "ok"
	Failed   = "failed"   // it returned an error, also that of its deadline
	Panicked = "panicked" // it was a mistake of ours; the error says where
	Skipped  = "skipped"  // it was time, and the run before had not ended
)

// Run is how one run of a job went.
type Run struct {
	Job     string          `json:"job"`
	Started sessions.Millis `json:"started_at"`
	Ended   sessions.Millis `json:"ended_at"`
	Outcome string          `json:"outcome"`
	Report  Report          `json:"report"`
	Error   string          `json:"error,omitempty"`
}

// MarshalJSON writes times as text, in UTC.
func (r Run) MarshalJSON() ([]byte, error) {
	type fields Run
	return json.Marshal(struct {
		fields
		Started time.Time `json:"started_at"`
		Ended   time.Time `json:"ended_at"`
	}{fields(r), r.Started.Time(), r.Ended.Time()})
}

// staleness is how far the saved state may fall behind while nothing happens.
// A job that looks for work each second would else write each second.
const staleness = time.Minute

// worth says what to save of a run: whether it belongs into the history, and
// whether the state is to be saved. before is the run before it, and saved is
// when the state was last saved. Repeated failures enter the history once a
// minute.
func worth(run, before Run, saved sessions.Millis) (history, state bool) {
	changed := !run.Report.Idle() || run.Outcome != before.Outcome || run.Error != before.Error
	stale := run.Started >= saved.Add(staleness)
	return changed || stale && run.Outcome != OK, changed || stale
}

type runRow struct {
	Job       string `gorm:"primaryKey"`
	StartedAt int64  `gorm:"primaryKey;autoIncrement:false"`
	EndedAt   int64
	Outcome   string
	Report    []byte
	Error     string
}

func (runRow) TableName() string { return "job_runs" }

type stateRow struct {
	Job       string `gorm:"primaryKey"`
	StartedAt int64
	EndedAt   int64
	Outcome   string
	Report    []byte
	Error     string
	Runs      int64
}

func (stateRow) TableName() string { return "job_state" }

// state is the last run of a job and how many there were.
type state struct {
	Run
	runs int64
}

func encodeReport(r Report) []byte {
	if len(r) == 0 {
		return []byte("{}")
	}
	body, _ := json.Marshal(r) // a map of numbers; its keys come sorted
	return body
}

func decodeReport(body []byte) (Report, error) {
	var r Report
	err := json.Unmarshal(body, &r)
	return r, err
}

func rowOfRun(r Run) runRow {
	return runRow{r.Job, int64(r.Started), int64(r.Ended), r.Outcome, encodeReport(r.Report), r.Error}
}

// saveRun adds a run to the history, and saves the state if it is given, under
// the lease of the job.
func saveRun(ctx context.Context, db *database.DB, lease database.Lease, history *Run, s *state) error {
	return db.Write(ctx, func(tx *gorm.DB) error {
		if err := lease.Hold(tx); err != nil {
			return err
		}
		if history != nil {
			row := rowOfRun(*history)
			if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
				return fmt.Errorf("save run of job %s: %w", history.Job, err)
			}
		}
		if s == nil {
			return nil
		}
		row := stateRow{s.Job, int64(s.Started), int64(s.Ended), s.Outcome, encodeReport(s.Report), s.Error, s.runs}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("save state of job %s: %w", s.Job, err)
		}
		return nil
	})
}

// loadStates returns what was saved of the last run of each job.
func loadStates(tx *gorm.DB) (map[string]state, error) {
	var rows []stateRow
	if err := tx.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load states of jobs: %w", err)
	}
	states := make(map[string]state, len(rows))
	for _, r := range rows {
		report, err := decodeReport(r.Report)
		if err != nil {
			return nil, fmt.Errorf("load state of job %s: %w", r.Job, err)
		}
		run := Run{r.Job, sessions.Millis(r.StartedAt), sessions.Millis(r.EndedAt), r.Outcome, report, r.Error}
		states[r.Job] = state{run, r.Runs}
	}
	return states, nil
}

// Runs returns runs of a job that did something, failed, went otherwise than the
// run before, or were asked for: newest first, and begun before a time unless that
// is 0. The error is [ErrUnknownJob] if there are none, and no such job.
func Runs(ctx context.Context, db *database.DB, job string, before sessions.Millis, limit int) ([]Run, error) {
	var rows []runRow
	query := db.Read(ctx).Where("job = ?", job)
	if before > 0 {
		query = query.Where("started_at < ?", int64(before))
	}
	if err := query.Order("started_at DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load runs of job %s: %w", job, err)
	}
	if len(rows) == 0 {
		if err := checkKnown(db.Read(ctx), job); err != nil {
			return nil, fmt.Errorf("load runs of job %q: %w", job, err)
		}
	}
	runs := make([]Run, len(rows))
	for i, r := range rows {
		report, err := decodeReport(r.Report)
		if err != nil {
			return nil, fmt.Errorf("load runs of job %s: %w", job, err)
		}
		runs[i] = Run{r.Job, sessions.Millis(r.StartedAt), sessions.Millis(r.EndedAt), r.Outcome, report, r.Error}
	}
	return runs, nil
}

// keptRuns is how many runs of each job the history keeps.
const keptRuns = 1000

// pruneRuns drops the runs of each job beyond the newest. Cost: one walk over
// the keys of each job.
func pruneRuns(tx *gorm.DB, keep int) (int64, error) {
	dropped := tx.Exec(`DELETE FROM job_runs WHERE started_at <= (
		SELECT r.started_at FROM job_runs AS r WHERE r.job = job_runs.job
		ORDER BY r.started_at DESC LIMIT 1 OFFSET ?)`, keep)
	if dropped.Error != nil {
		return 0, fmt.Errorf("prune job runs: %w", dropped.Error)
	}
	return dropped.RowsAffected, nil
}
