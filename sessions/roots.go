package sessions

import (
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// Roots returns for each of visitors the living one that it is part of, itself if
// it was never merged. Cost: a query by key for some hundreds of them.
func Roots(tx *gorm.DB, visitors []VisitorID) (map[VisitorID]VisitorID, error) {
	roots := make(map[VisitorID]VisitorID, len(visitors))
	for _, v := range visitors {
		roots[v] = v
	}
	return roots, database.Each(visitors, func(part []VisitorID) error {
		var rows []visitorRow
		if err := tx.Where("id IN ? AND merged_into <> 0", part).Find(&rows).Error; err != nil {
			return fmt.Errorf("load merged visitors: %w", err)
		}
		for _, r := range rows {
			roots[VisitorID(r.ID)] = VisitorID(r.MergedInto)
		}
		return nil
	})
}
