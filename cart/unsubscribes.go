package cart

import (
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// ReadUnsubscribes returns who unsubscribed between two times and has not consented
// again, each by the last mail that was decided to their address before. Links to
// unsubscribe name an address, no mail: the last one is what they most likely had
// before them.
func ReadUnsubscribes(tx *gorm.DB, from, to sessions.Millis) ([]Unsubscribe, error) {
	var rows []struct {
		Flow string
		Step int64
	}
	err := tx.Raw(`SELECT COALESCE(d.flow, '') AS flow, COALESCE(d.step, 0) AS step
		FROM suppressions AS s
		LEFT JOIN decisions AS d ON d.seq = (SELECT MAX(m.seq) FROM mailed AS m WHERE m.address_hash = s.address_hash AND m.mailed_at <= s.occurred_at)
		WHERE s.reason = 'unsubscribe' AND s.occurred_at >= ? AND s.occurred_at < ?
		ORDER BY s.address_hash`, int64(from), int64(to)).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find who unsubscribed: %w", err)
	}
	left := make([]Unsubscribe, len(rows))
	for i, r := range rows {
		left[i] = Unsubscribe{Flow: r.Flow, Step: r.Step, Channel: Email}
	}
	return left, nil
}
