package sessions

import (
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Settings are what the projections need to know of the configuration. They
// stand in the log, as settings.changed events, so that a replay uses those that
// held at the time.
type Settings struct {
	Currency       string        `json:"currency"`        // ISO 4217, where an event names none
	SessionTimeout time.Duration `json:"session_timeout"` // a longer pause ends a session
	SessionMaximum time.Duration `json:"session_maximum"` // no session is longer
	SessionEvents  int           `json:"session_events"`  // nor has more events

	// RecoveryEnabled is when recovery was first switched on; 0 is never. Carts
	// whose last activity is older are never triggered.
	RecoveryEnabled Millis `json:"recovery_enabled"`
}

// DefaultSettings hold until the log says otherwise.
func DefaultSettings() Settings {
	return Settings{
		Currency: "USD", SessionTimeout: 30 * time.Minute, SessionMaximum: 24 * time.Hour, SessionEvents: 5000,
	}
}

// After returns the settings that hold once e is in the log; most events change none.
func (s Settings) After(e *Event) (Settings, error) {
	switch e.Kind {
	case RecoveryEnabled:
		if s.RecoveryEnabled == 0 {
			s.RecoveryEnabled = e.Received
		}
	case SettingsChanged:
		enabled := s.RecoveryEnabled
		if err := json.Unmarshal(e.Data, &s); err != nil {
			return s, fmt.Errorf("read settings of event %d: %w", e.Seq, err)
		}
		s.RecoveryEnabled = enabled
	}
	return s, nil
}

// settingsRow is the one row of the table settings.
type settingsRow struct {
	ID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Body []byte
}

func (settingsRow) TableName() string { return "settings" }

// LoadSettings returns the settings as of the end of the log.
func LoadSettings(tx *gorm.DB) (Settings, error) {
	s := DefaultSettings()
	var rows []settingsRow
	if err := tx.Find(&rows).Error; err != nil {
		return s, fmt.Errorf("load settings: %w", err)
	}
	for _, r := range rows {
		if err := json.Unmarshal(r.Body, &s); err != nil {
			return s, fmt.Errorf("load settings: %w", err)
		}
	}
	return s, nil
}

// settingsProjection keeps the table settings.
type settingsProjection struct{}

func (settingsProjection) Tables() []Table { return []Table{{"settings", "id"}} }

func (settingsProjection) Apply(tx *gorm.DB, events []*Event) error {
	for _, e := range events {
		if e.Kind != SettingsChanged && e.Kind != RecoveryEnabled {
			continue
		}
		if err := applySetting(tx, e); err != nil {
			return err
		}
	}
	return nil
}

func applySetting(tx *gorm.DB, e *Event) error {
	s, err := LoadSettings(tx)
	if err != nil {
		return err
	}
	if s, err = s.After(e); err != nil {
		return err
	}
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	row := settingsRow{ID: 1, Body: body}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	return nil
}
