package sessions

import (
	"fmt"

	"gorm.io/gorm"
)

// Stats counts what the log and the sessions hold. Bots are not counted.
type Stats struct {
	Events   map[Kind]int64 `json:"events"` // by kind
	Visitors int64          `json:"visitors"`
	Sessions int64          `json:"sessions"`
}

// ReadStats counts. Cost: a pass over the log.
func ReadStats(tx *gorm.DB) (Stats, error) {
	s := Stats{Events: map[Kind]int64{
		Page: 0, ProductViewed: 0, ProductAdded: 0, ProductRemoved: 0, OrderCompleted: 0,
	}}
	var kinds []struct {
		Kind string
		N    int64
	}
	// Events of bots have no visitor; neither have the catalog's and our own.
	own := []Kind{ProductUpdated, SettingsChanged, RecoveryEnabled, DecisionMade, DeliveryEnded, WeightsLearned, FlowsChanged, LinkClicked}
	err := tx.Table("events").Select("kind, COUNT(*) AS n").Where("visitor_id <> 0 OR kind IN ?", own).Group("kind").Scan(&kinds).Error
	if err != nil {
		return s, fmt.Errorf("count events: %w", err)
	}
	for _, k := range kinds {
		s.Events[Kind(k.Kind)] = k.N
	}
	if err := tx.Table("visitors").Where("merged_into = 0").Count(&s.Visitors).Error; err != nil {
		return s, fmt.Errorf("count visitors: %w", err)
	}
	if err := tx.Table("sessions").Where("bot = 0").Count(&s.Sessions).Error; err != nil {
		return s, fmt.Errorf("count sessions: %w", err)
	}
	return s, nil
}
