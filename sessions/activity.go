package sessions

import (
	"fmt"
	"slices"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// LastActivity returns when something last arrived of each of the visitors, by
// the received clock: from the sessions written so far and the log's tail after
// them. Visitors of whom nothing is known are absent. Bots are nobody's activity.
// Cost: two queries for 512 visitors, and one over what the follower is behind.
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
	err = database.Each(members, func(part []int64) error {
		query := tx.Table("sessions").Select("visitor_id, MAX(last_received_at) AS at").
			Where("visitor_id IN ?", part).Group("visitor_id")
		return foldActivity(query, roots, last)
	})
	if err != nil {
		return nil, err
	}
	cursor, _, err := loadCursor(tx)
	if err != nil {
		return nil, err
	}
	tail := tx.Table("events").Select("visitor_id, MAX(received_at) AS at").
		Where("seq > ? AND visitor_id <> 0 AND source <> ?", int64(cursor), string(Ours)).Group("visitor_id")
	return last, foldActivity(tail, roots, last)
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
