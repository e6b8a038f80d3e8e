package sessions

import (
	"fmt"

	"gorm.io/gorm"
)

// chronicleBatch is how many events [Chronicle] hands over at a time.
const chronicleBatch = 2000

// Chronicle calls f with all events in the order in which they were received, which
// is that of the log but for imported history: it was appended later than it happened. The
// slices are f's to keep. Cost: a sort of the log, by the database.
func Chronicle(tx *gorm.DB, f func([]*Event) error) error {
	rows, err := tx.Model(&eventRow{}).Order("received_at, seq").Rows()
	if err != nil {
		return fmt.Errorf("read the log by time: %w", err)
	}
	defer rows.Close()
	batch := make([]eventRow, 0, chronicleBatch)
	hand := func() error {
		events, err := eventsOf(batch)
		if batch = batch[:0]; err != nil || len(events) == 0 {
			return err
		}
		return f(events)
	}
	for rows.Next() {
		var row eventRow
		if err := tx.ScanRows(rows, &row); err != nil {
			return fmt.Errorf("read the log by time: %w", err)
		}
		if batch = append(batch, row); len(batch) == chronicleBatch {
			if err := hand(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the log by time: %w", err)
	}
	return hand()
}
