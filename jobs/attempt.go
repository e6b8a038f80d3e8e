package jobs

import (
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/jobs/webhook"
)

type attemptRow struct {
	TriggerID  string `gorm:"primaryKey"`
	EndpointID int64  `gorm:"primaryKey;autoIncrement:false"`
	Attempt    int64  `gorm:"primaryKey;autoIncrement:false"`
	StartedAt  int64
	TookMS     int64 `gorm:"column:took_ms"`
	Result     string
	StatusCode int64
	Error      string
	Answer     []byte
	Body       []byte
}

func (attemptRow) TableName() string { return "delivery_attempts" }

// beginAttempts writes attempts down before they are made, so that one whose
// outcome is lost with its process shows in the log of deliveries, too.
func beginAttempts(tx *gorm.DB, attempts []attempt) error {
	// A delivery whose row was lost begins to count anew: its newer attempts take the places of the old ones.
	return saveAttempts(tx, attempts, clause.OnConflict{UpdateAll: true})
}

// noteAttempts writes down how attempts went. That is so whatever became of their deliveries meanwhile.
func noteAttempts(tx *gorm.DB, attempts []attempt) error {
	return saveAttempts(tx, attempts, clause.OnConflict{
		Columns:   []clause.Column{{Name: "trigger_id"}, {Name: "endpoint_id"}, {Name: "attempt"}},
		DoUpdates: clause.AssignmentColumns([]string{"took_ms", "result", "status_code", "error", "answer"}),
	})
}

// saveAttempts writes attempts at one endpoint, as they stand, in one statement.
func saveAttempts(tx *gorm.DB, attempts []attempt, conflict clause.OnConflict) error {
	if len(attempts) == 0 {
		return nil
	}
	rows := make([]attemptRow, len(attempts))
	for i, a := range attempts {
		rows[i] = attemptRow{
			TriggerID: a.row.TriggerID, EndpointID: a.row.EndpointID, Attempt: a.row.Attempts, StartedAt: a.row.StartedAt,
			TookMS: a.outcome.Took.Milliseconds(), Result: string(a.outcome.Result), StatusCode: int64(a.outcome.Status), Error: a.outcome.Reason,
			Answer: answerOf(a.outcome), Body: a.message.Body,
		}
	}
	if err := tx.Clauses(conflict).Create(&rows).Error; err != nil {
		return fmt.Errorf("write down attempts at endpoint %d: %w", rows[0].EndpointID, err)
	}
	return nil
}

// answerOf is the beginning of an answer as it is stored: an empty one is empty, not missing.
func answerOf(o webhook.Outcome) []byte { return append([]byte{}, o.Answer...) }
