package sessions

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// differencesShown bounds what Verify tells of a database that is wrong.
const differencesShown = 10

// Verification is what Verify found.
type Verification struct {
	Head        Seq      `json:"head"`
	Cursor      Seq      `json:"cursor"` // how far sessions were written
	Rows        int64    `json:"rows"`   // compared
	Differences []string `json:"differences"`
}

// Verify builds all projections from the log in a scratch database and compares
// them with those that stand, each at its own cursor, within one snapshot: also
// beside a running program. Cost: reads the whole log; scratch takes the room of
// the projections in the folder for temporary files.
func Verify(ctx context.Context, db *database.DB, more []Projection) (Verification, error) {
	var v Verification
	dir, err := os.MkdirTemp("", "cartwright-verify-")
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	defer os.RemoveAll(dir)
	scratch, err := database.Open(ctx, filepath.Join(dir, "scratch.db"), database.Options{Synchronous: "OFF"})
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	defer scratch.Close()
	err = db.Snapshot(ctx, func(stored *gorm.DB) error {
		return scratch.Write(ctx, func(rebuilt *gorm.DB) error { return v.run(stored, rebuilt, more) })
	})
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	return v, nil
}

func (v *Verification) run(stored, rebuilt *gorm.DB, more []Projection) error {
	head, err := ReadHead(stored)
	if err != nil {
		return err
	}
	if v.Cursor, _, err = loadCursor(stored); err != nil {
		return err
	}
	v.Head = head.Seq
	if v.Cursor > v.Head {
		v.differ("sessions are written up to %d, beyond the end of the log at %d", v.Cursor, v.Head)
		return nil
	}
	projections := projectionsWith(more)
	r := rebuild{from: stored, to: rebuilt, projections: projections, head: v.Head, cursor: v.Cursor}
	if err := r.run(); err != nil {
		return err
	}
	tables := []Table{sessionsTable()}
	for _, p := range projections {
		tables = append(tables, p.Tables()...)
	}
	for _, t := range tables {
		if err := v.compare(stored, rebuilt, t); err != nil {
			return fmt.Errorf("compare %s: %w", t.Name, err)
		}
	}
	return nil
}

func (v *Verification) differ(format string, args ...any) {
	if len(v.Differences) < differencesShown {
		v.Differences = append(v.Differences, fmt.Sprintf(format, args...))
	}
}

// compare walks a table on both sides in the order of its key.
func (v *Verification) compare(stored, rebuilt *gorm.DB, t Table) error {
	a, err := openRows(stored, t)
	if err != nil {
		return err
	}
	defer a.rows.Close()
	b, err := openRows(rebuilt, t)
	if err != nil {
		return err
	}
	defer b.rows.Close()
	for {
		x, err := a.next()
		if err != nil {
			return err
		}
		y, err := b.next()
		if err != nil {
			return err
		}
		if x == "" && y == "" {
			return nil
		}
		v.Rows++
		if x != y {
			v.differ("%s: stored %s, the log says %s", t.Name, orNothing(x), orNothing(y))
			if len(v.Differences) >= differencesShown {
				return nil
			}
		}
	}
}

func orNothing(row string) string {
	if row == "" {
		return "no such row"
	}
	return row
}

// tableRows reads a table row by row as text.
type tableRows struct {
	rows    *sql.Rows
	columns []string
}

func openRows(tx *gorm.DB, t Table) (*tableRows, error) {
	columns, err := columnsOf(tx, t)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Table(t.Name).Select(columns).Order(t.Key).Rows()
	if err != nil {
		return nil, err
	}
	return &tableRows{rows, columns}, nil
}

// columnsOf returns a table's columns, sorted by name: the order in which a
// database happens to hold them is not compared.
func columnsOf(tx *gorm.DB, t Table) ([]string, error) {
	rows, err := tx.Table(t.Name).Limit(0).Rows()
	if err != nil {
		return nil, err
	}
	columns, err := rows.Columns()
	slices.Sort(columns)
	return columns, errors.Join(err, rows.Close())
}

// next returns the next row, empty at the end.
func (r *tableRows) next() (string, error) {
	if !r.rows.Next() {
		return "", r.rows.Err()
	}
	values := make([]any, len(r.columns))
	targets := make([]any, len(r.columns))
	for i := range values {
		targets[i] = &values[i]
	}
	if err := r.rows.Scan(targets...); err != nil {
		return "", err
	}
	var row strings.Builder
	for i, value := range values {
		if text, ok := value.([]byte); ok {
			value = string(bytes.ToValidUTF8(text, []byte("?")))
			if !bytes.Equal(text, bytes.ToValidUTF8(text, nil)) {
				value = fmt.Sprintf("%x", text)
			}
		}
		fmt.Fprintf(&row, " %s=%v", r.columns[i], value)
	}
	return row.String()[1:], nil
}
