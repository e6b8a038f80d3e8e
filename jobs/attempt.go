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
	rows := make([]attemptRow, len(attempts))
	for i, a := range attempts {
		rows[i] = attemptRow{
			TriggerID: a.row.TriggerID, EndpointID: a.row.EndpointID, Attempt: a.row.Attempts, StartedAt: a.row.StartedAt,
			Answer: []byte{}, Body: a.message.Body,
		}
	}
	if len(rows) == 0 {
		return nil
	}
	// A delivery whose row was lost begins to count anew: its newer attempts take the places of the old ones.
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&rows).Error; err != nil {
		return fmt.Errorf("write down attempts at endpoint %d: %w", rows[0].EndpointID, err)
	}
	return nil
}

// noteAttempt writes down how an attempt went. That is so whatever became of its delivery meanwhile.
func noteAttempt(tx *gorm.DB, a attempt) error {
	o := a.outcome
	return tx.Model(&attemptRow{}).
		Where("trigger_id = ? AND endpoint_id = ? AND attempt = ?", a.row.TriggerID, a.row.EndpointID, a.row.Attempts).
		Updates(map[string]any{
			"took_ms": o.Took.Milliseconds(), "result": string(o.Result), "status_code": o.Status, "error": o.Reason,
			"answer": answerOf(o),
		}).Error
}

// answerOf is the beginning of an answer as it is stored: an empty one is empty, not missing.
func answerOf(o webhook.Outcome) []byte { return append([]byte{}, o.Answer...) }
