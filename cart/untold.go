package cart

import (
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// Untold sums up triggers of one kind that go out on the same channels.
type Untold struct {
	Kind     TriggerKind
	Channels []Channel
	Count    int64
	Oldest   sessions.Millis // when the first of them was made
}

// Trigger is one like those summed up, as far as where it goes depends on it.
func (u Untold) Trigger() Trigger { return Trigger{Kind: u.Kind, Channels: u.Channels, At: u.Oldest} }

// UntoldAfter sums up the triggers that [Store.TriggersAfter] would return, had it no limit. Cost: one
// pass over them.
func (s *Store) UntoldAfter(tx *gorm.DB, after sessions.Seq) ([]Untold, error) {
	var rows []struct {
		Kind, Channels string
		Count, Oldest  int64
	}
	err := tx.Raw(`SELECT kind, channels, count(*) AS count, min(created_at) AS oldest FROM triggers
		WHERE seq > ? AND dry = 0 GROUP BY kind, channels ORDER BY kind, channels`, int64(after)).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("sum up triggers after %d: %w", after, err)
	}
	untold := make([]Untold, len(rows))
	for i, r := range rows {
		untold[i] = Untold{TriggerKind(r.Kind), splitChannels(r.Channels), r.Count, sessions.Millis(r.Oldest)}
	}
	return untold, nil
}
