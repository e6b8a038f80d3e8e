package sessions

import (
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// EventsAt returns the events of some seqs, those that there are. Cost: by the log's
// key, a query for 512.
func EventsAt(tx *gorm.DB, seqs []Seq) (map[Seq]*Event, error) {
	found := make(map[Seq]*Event, len(seqs))
	return found, database.Each(seqs, func(part []Seq) error {
		var rows []eventRow
		if err := tx.Where("seq IN ?", part).Find(&rows).Error; err != nil {
			return fmt.Errorf("read single events: %w", err)
		}
		events, err := eventsOf(rows)
		if err != nil {
			return err
		}
		for _, e := range events {
			found[e.Seq] = e
		}
		return nil
	})
}
