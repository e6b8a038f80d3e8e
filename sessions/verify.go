package sessions

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

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
	scratch, err := database.Open(ctx, filepath.Join(dir, "scratch.db"), database.Options{Durability: database.Off})
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	defer scratch.Close()
	return VerifyWith(ctx, db, scratch, more)
}

// errUndone takes back what a transaction wrote that went well.
var errUndone = errors.New("undone")

// VerifyWith is [Verify] with a scratch database of the caller's, which holds no
// projections and is left so. Verifying many small logs, most of Verify's time
// would go into making one.
func VerifyWith(ctx context.Context, db, scratch *database.DB, more []Projection) (Verification, error) {
	var v Verification
	err := db.Snapshot(ctx, func(stored *gorm.DB) error {
		return scratch.Write(ctx, func(rebuilt *gorm.DB) error {
			return cmp.Or(v.run(stored, rebuilt, more), errUndone)
		})
	})
	if !errors.Is(err, errUndone) {
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
	x, errA := a.next()
	y, errB := b.next()
	for errA == nil && errB == nil && (x != nil || y != nil) && len(v.Differences) < differencesShown {
		v.Rows++
		order := x.compare(y)
		switch {
		case order < 0:
			v.differ("%s: stored %s, the log says no such row", t.Name, x.text)
		case order > 0:
			v.differ("%s: stored no such row, the log says %s", t.Name, y.text)
		case x.text != y.text:
			v.differ("%s: stored %s, the log says %s", t.Name, x.text, y.text)
		}
		if order <= 0 {
			x, errA = a.next()
		}
		if order >= 0 {
			y, errB = b.next()
		}
	}
	return errors.Join(errA, errB)
}

// tableRow is a row as text, with the values of its key.
type tableRow struct {
	key  []any
	text string
}

// compare orders rows by their keys; none comes after all others.
func (r *tableRow) compare(other *tableRow) int {
	switch {
	case r == nil:
		return 1
	case other == nil:
		return -1
	}
	return slices.CompareFunc(r.key, other.key, func(a, b any) int {
		x, isNumber := a.(int64)
		if y, too := b.(int64); isNumber && too {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
}

// tableRows reads a table row by row as text.
type tableRows struct {
	rows    *sql.Rows
	columns []string
	key     []int // which of columns
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
	r := &tableRows{rows: rows, columns: columns}
	for name := range strings.SplitSeq(t.Key, ",") {
		r.key = append(r.key, slices.Index(columns, strings.TrimSpace(name)))
	}
	return r, nil
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

// next returns the next row, nil at the end.
func (r *tableRows) next() (*tableRow, error) {
	if !r.rows.Next() {
		return nil, r.rows.Err()
	}
	values := make([]any, len(r.columns))
	targets := make([]any, len(r.columns))
	for i := range values {
		targets[i] = &values[i]
	}
	if err := r.rows.Scan(targets...); err != nil {
		return nil, err
	}
	row := &tableRow{}
	var text strings.Builder
	for i, value := range values {
		if raw, ok := value.([]byte); ok {
			values[i] = readable(raw)
		}
		fmt.Fprintf(&text, " %s=%v", r.columns[i], values[i])
	}
	for _, i := range r.key {
		row.key = append(row.key, values[i])
	}
	row.text = text.String()[1:]
	return row, nil
}

// readable returns bytes as text if they are, else in hexadecimal.
func readable(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	return hex.EncodeToString(raw)
}
