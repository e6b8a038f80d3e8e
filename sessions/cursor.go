package sessions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// followerName is the follower's row among the cursors.
const followerName = "sessions"

type cursorRow struct {
	Name  string `gorm:"primaryKey"`
	Seq   int64
	State []byte
}

func (cursorRow) TableName() string { return "cursors" }

// loadCursor returns how far sessions are written, and the settings there.
func loadCursor(tx *gorm.DB) (Seq, Settings, error) {
	s := DefaultSettings()
	var rows []cursorRow
	if err := tx.Where("name = ?", followerName).Find(&rows).Error; err != nil {
		return 0, s, fmt.Errorf("load the cursor of sessions: %w", err)
	}
	if len(rows) == 0 {
		return 0, s, nil
	}
	if err := json.Unmarshal(rows[0].State, &s); err != nil {
		return 0, s, fmt.Errorf("load the cursor of sessions: %w", err)
	}
	return Seq(rows[0].Seq), s, nil
}

func saveCursor(tx *gorm.DB, f *fold) error {
	settings, err := json.Marshal(f.settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&cursorRow{followerName, int64(f.cursor), settings}).Error
}

// beginCursor makes the row of the cursor if there is none: without it two
// processes that write for the first time would have nothing to lock.
func beginCursor(tx *gorm.DB) error {
	settings, err := json.Marshal(DefaultSettings())
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	row := cursorRow{followerName, 0, settings}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("begin the cursor of sessions: %w", err)
	}
	return nil
}

// LoadCursor returns how far a reader of the log that keeps a cursor under a name has
// come, and false if it has not begun. Whoever decides by it reads and saves it in one
// transaction that holds the head of the log.
func LoadCursor(tx *gorm.DB, name string) (Seq, bool, error) {
	var rows []cursorRow
	if err := tx.Where("name = ?", name).Find(&rows).Error; err != nil {
		return 0, false, fmt.Errorf("load the cursor %s: %w", name, err)
	}
	if len(rows) == 0 {
		return 0, false, nil
	}
	return Seq(rows[0].Seq), true, nil
}

// SaveCursor takes down how far a reader of the log has come, see [LoadCursor].
func SaveCursor(tx *gorm.DB, name string, seq Seq) error {
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&cursorRow{Name: name, Seq: int64(seq)}).Error; err != nil {
		return fmt.Errorf("save the cursor %s: %w", name, err)
	}
	return nil
}

// DropCursors forgets the cursors whose names begin with a prefix, but for some.
func DropCursors(tx *gorm.DB, prefix string, but []string) error {
	var rows []cursorRow
	if err := tx.Select("name").Find(&rows).Error; err != nil {
		return fmt.Errorf("load the names of cursors: %w", err)
	}
	for _, r := range rows {
		if !strings.HasPrefix(r.Name, prefix) || slices.Contains(but, r.Name) {
			continue
		}
		if err := tx.Exec("DELETE FROM cursors WHERE name = ?", r.Name).Error; err != nil {
			return fmt.Errorf("drop the cursor %s: %w", r.Name, err)
		}
	}
	return nil
}

// Written returns how far sessions are written.
func Written(tx *gorm.DB) (Seq, error) {
	seq, _, err := loadCursor(tx)
	return seq, err
}
