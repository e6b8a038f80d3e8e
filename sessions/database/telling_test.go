package database_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"cartwright/sessions/database"
)

// What fails is told without the values, which may be anybody's; what nobody waits for any more is not.
func TestLogTellsOfStatementsThatFail(t *testing.T) {
	urls(t, func(t *testing.T, url string) {
		var told bytes.Buffer
		db := mustOpen(t, url, database.Options{Durability: database.Off, Logger: slog.New(slog.NewJSONHandler(&told, nil))})
		var n int
		if err := db.Read(t.Context()).Raw("SELECT 1 WHERE 'ann' = ?", "ann").Scan(&n).Error; err != nil || told.Len() > 0 {
			t.Errorf("%v; of a statement that went well it is told %s", err, &told)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := db.Read(gone).Raw("SELECT 1").Scan(&n).Error; err == nil || told.Len() > 0 {
			t.Errorf("%v; of a statement of somebody who is gone it is told %s", err, &told)
		}
		var rows []struct{ ID int64 }
		for _, err := range []error{
			db.Read(t.Context()).Raw("SELECT 1 FROM nowhere WHERE x = ? AND y = ?", "o'secret\"", 4711).Scan(&n).Error,
			db.Read(t.Context()).Table("nowhere").Where("x = ? AND y = ?", "o'secret\"", 4711).Find(&rows).Error,
		} {
			text := told.String()
			if err == nil || !strings.Contains(text, "nowhere") || strings.Contains(text, "secret") || strings.Contains(text, "4711") {
				t.Errorf("%v; it is told %s", err, text)
			}
		}
	})
}
