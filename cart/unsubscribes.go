package cart

import (
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// unsubscribeRow is that an address unsubscribed. It stays when it consents again.
type unsubscribeRow struct {
	Seq         int64 `gorm:"primaryKey;autoIncrement:false"`
	AddressHash string
	OccurredAt  int64
}

func (unsubscribeRow) TableName() string { return "unsubscribes" }

// ReadUnsubscribes returns who unsubscribed between two times, each by the last mail
// that was decided to their address before. Links to unsubscribe name an address, no
// mail: the last one is what they most likely had before them. Who consented again
// later did unsubscribe all the same, and who unsubscribed twice is counted twice.
func ReadUnsubscribes(tx *gorm.DB, from, to sessions.Millis) ([]Unsubscribe, error) {
	var rows []struct {
		Flow string
		Step int64
	}
	err := tx.Raw(`SELECT COALESCE(d.flow, '') AS flow, COALESCE(d.step, 0) AS step
		FROM unsubscribes AS s
		LEFT JOIN decisions AS d ON d.seq = (SELECT MAX(m.seq) FROM mailed AS m WHERE m.address_hash = s.address_hash AND m.mailed_at <= s.occurred_at)
		WHERE s.occurred_at >= ? AND s.occurred_at < ?
		ORDER BY s.seq`, int64(from), int64(to)).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find who unsubscribed: %w", err)
	}
	left := make([]Unsubscribe, len(rows))
	for i, r := range rows {
		left[i] = Unsubscribe{Flow: r.Flow, Step: r.Step, Channel: Email}
	}
	return left, nil
}
