package sessions

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// hashesRow holds the hashes of the message ids of one commit.
type hashesRow struct {
	Seq         int64  `gorm:"primaryKey;autoIncrement:false"`
	Format      string `gorm:"primaryKey"`
	CommittedAt int64
	Hashes      []byte
}

func (hashesRow) TableName() string { return "hashes" }

// loadWindow makes a format's window, or leaves it unknown after an error: one
// that has not all hashes would let duplicates in.
func (l *Log) loadWindow(tx *gorm.DB, format string) error {
	l.windows[format] = newWindow()
	err := l.loadHashes(tx, format, 0)
	if err != nil {
		delete(l.windows, format)
	}
	return err
}

// loadHashes adds to a format's window what was committed after a seq.
func (l *Log) loadHashes(tx *gorm.DB, format string, after Seq) error {
	query := tx.Where("format = ? AND seq > ?", format, int64(after))
	if format == "" {
		query = query.Where("committed_at >= ?", int64(l.windowStart()))
	}
	rows, err := query.Model(&hashesRow{}).Order("seq").Rows()
	if err != nil {
		return fmt.Errorf("load hashes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var row hashesRow
		if err := tx.ScanRows(rows, &row); err != nil {
			return fmt.Errorf("load hashes: %w", err)
		}
		l.windows[format].add(Millis(row.CommittedAt), decodeHashes(row.Hashes))
	}
	return rows.Err()
}

func (l *Log) windowStart() Millis { return MillisOf(l.options.Now().Add(-l.options.Window)) }

// keptRejected is how many rejected items are kept; keptBody how much of each.
const (
	keptRejected = 100_000
	keptBody     = 2048
)

type rejectedRow struct {
	ID         int64 `gorm:"primaryKey;autoIncrement:false"`
	ReceivedAt int64
	Code       string
	Reason     string
	Body       []byte
}

func (rejectedRow) TableName() string { return "rejected" }

// count saves the commit's rejected items and adds to the counters.
func (c *commit) count(tx *gorm.DB) error {
	n := map[string]int{
		"accepted": len(c.accepted), "duplicates": len(c.duplicates), "rejected": len(c.rejected),
		"received": len(c.accepted) + len(c.duplicates) + len(c.rejected),
	}
	err := tx.Exec(`UPDATE ingest_counters SET n = n + CASE name WHEN 'received' THEN CAST(? AS BIGINT) WHEN 'accepted' THEN CAST(? AS BIGINT)
		WHEN 'duplicates' THEN CAST(? AS BIGINT) ELSE CAST(? AS BIGINT) END`, n["received"], n["accepted"], n["duplicates"], n["rejected"]).Error
	if err != nil {
		return fmt.Errorf("count items: %w", err)
	}
	if len(c.rejected) == 0 {
		return nil
	}
	var last int64
	if err := tx.Raw("SELECT n FROM ingest_counters WHERE name = 'rejected'").Scan(&last).Error; err != nil {
		return fmt.Errorf("count rejected items: %w", err)
	}
	rows := make([]rejectedRow, len(c.rejected))
	for i, r := range c.rejected {
		rows[i] = rejectedRow{
			ID: last - int64(len(c.rejected)-1-i), ReceivedAt: int64(c.at), Code: r.Code, Reason: storable(r.Reason),
			Body: r.Body[:min(len(r.Body), keptBody)],
		}
		if rows[i].Body == nil {
			rows[i].Body = []byte{}
		}
	}
	if err := tx.CreateInBatches(rows, rowsPerInsert).Error; err != nil {
		return fmt.Errorf("keep rejected items: %w", err)
	}
	return nil
}

// storable returns text that both databases can hold.
func storable(text string) string {
	clean := make([]rune, 0, len(text))
	for _, r := range text { // invalid UTF-8 reads as U+FFFD
		if r != 0 {
			clean = append(clean, r)
		}
	}
	return string(clean)
}

// Ingest counts all items ever received: Received = Accepted + Duplicates + Rejected.
type Ingest struct {
	Received   int64 `json:"received"`
	Accepted   int64 `json:"accepted"`
	Duplicates int64 `json:"duplicates"`
	Rejected   int64 `json:"rejected"`
}

// ReadIngest returns the counters.
func ReadIngest(tx *gorm.DB) (Ingest, error) {
	var rows []struct {
		Name string
		N    int64
	}
	if err := tx.Table("ingest_counters").Find(&rows).Error; err != nil {
		return Ingest{}, fmt.Errorf("read ingest counters: %w", err)
	}
	n := map[string]int64{}
	for _, r := range rows {
		n[r.Name] = r.N
	}
	return Ingest{n["received"], n["accepted"], n["duplicates"], n["rejected"]}, nil
}

// Prune drops from the database what is kept for a while only: hashes older than
// the window and rejected items beyond the newest. It returns how many rows it
// dropped. The lease is confirmed.
func (l *Log) Prune(ctx context.Context, lease database.Lease) (dropped int64, err error) {
	before := l.windowStart()
	err = l.db.Write(ctx, func(tx *gorm.DB) error {
		if err := lease.Hold(tx); err != nil {
			return err
		}
		hashes := tx.Where("format = '' AND committed_at < ?", int64(before)).Delete(&hashesRow{})
		if hashes.Error != nil {
			return fmt.Errorf("prune hashes: %w", hashes.Error)
		}
		items := tx.Where("id <= (SELECT n FROM ingest_counters WHERE name = 'rejected') - ?", keptRejected).Delete(&rejectedRow{})
		if items.Error != nil {
			return fmt.Errorf("prune rejected items: %w", items.Error)
		}
		dropped = hashes.RowsAffected + items.RowsAffected
		return nil
	})
	return dropped, err
}

// Forget drops from memory the hashes older than the window, and returns how many.
func (l *Log) Forget() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.windows[""]
	held := w.used
	w.prune(l.windowStart())
	return held - w.used
}
