package sessions

import (
	"fmt"
	"slices"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// LastActivity returns when something last arrived of each of the visitors, by
// the received clock: from the sessions written so far and the log's tail after
// them. Visitors of whom nothing is known are absent. Bots are nobody's activity, nor is
// how a record stands, which a platform tells. Cost: three queries for 512 visitors, of
// which one reads what the follower is behind, and another one over that.
func LastActivity(tx *gorm.DB, visitors []VisitorID) (map[VisitorID]Millis, error) {
	roots, err := Family(tx, visitors)
	if err != nil {
		return nil, err
	}
	last := map[VisitorID]Millis{}
	members := make([]int64, 0, len(roots))
	for v := range roots {
		members = append(members, int64(v))
	}
	slices.Sort(members)
	cursor, _, err := loadCursor(tx)
	if err != nil {
		return nil, err
	}
	err = database.Each(members, func(part []int64) error {
		query := tx.Table("sessions").Select("visitor_id, MAX(last_received_at) AS at").
			Where("visitor_id IN ?", part).Group("visitor_id")
		if err := foldActivity(query, roots, last); err != nil {
			return err
		}
		return foldTold(tx, cursor, part, roots, last)
	})
	if err != nil {
		return nil, err
	}
	// What browsers say is always activity, and nearly all of the tail.
	tail := tx.Table("events").Select("visitor_id, MAX(received_at) AS at").
		Where("seq > ? AND visitor_id <> 0 AND source = ?", int64(cursor), string(Browser)).Group("visitor_id")
	return last, foldActivity(tail, roots, last)
}

// foldTold reads what backends and imports told of visitors after the cursor: whether
// it is an act stands in the events themselves.
func foldTold(tx *gorm.DB, cursor Seq, visitors []int64, roots map[VisitorID]VisitorID, last map[VisitorID]Millis) error {
	var rows []eventRow
	err := tx.Where("seq > ? AND visitor_id IN ? AND source IN ?", int64(cursor), visitors, []string{string(Backend), string(Imported)}).
		Find(&rows).Error
	if err != nil {
		return fmt.Errorf("read what was told of visitors: %w", err)
	}
	events, err := eventsOf(rows)
	if err != nil {
		return err
	}
	for _, e := range events {
		if root := roots[e.Visitor]; e.Stream() != "" {
			last[root] = max(last[root], e.Received)
		}
	}
	return nil
}

func foldActivity(query *gorm.DB, roots map[VisitorID]VisitorID, last map[VisitorID]Millis) error {
	var rows []struct{ VisitorID, At int64 }
	if err := query.Scan(&rows).Error; err != nil {
		return fmt.Errorf("read visitors' activity: %w", err)
	}
	for _, r := range rows {
		if root, asked := roots[VisitorID(r.VisitorID)]; asked {
			last[root] = max(last[root], Millis(r.At))
		}
	}
	return nil
}

// Family returns for living visitors, and for all that were merged into them,
// which of visitors they are.
func Family(tx *gorm.DB, visitors []VisitorID) (map[VisitorID]VisitorID, error) {
	roots := make(map[VisitorID]VisitorID, len(visitors))
	for _, v := range visitors {
		roots[v] = v
	}
	return roots, database.Each(visitors, func(part []VisitorID) error {
		var rows []visitorRow
		if err := tx.Where("merged_into IN ? AND merged_into <> 0", part).Find(&rows).Error; err != nil {
			return fmt.Errorf("load merged visitors: %w", err)
		}
		for _, r := range rows {
			roots[VisitorID(r.ID)] = VisitorID(r.MergedInto)
		}
		return nil
	})
}
