package database

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// rowsPerInsert is how many rows one INSERT carries at most: wider statements gain
// nothing, and fewer parameters stay far from both databases' limits.
const rowsPerInsert = 64

// Into is where [Insert] puts rows.
type Into struct {
	Table   string
	Columns []string
	Key     string // of these columns, as "kind, value": a row replaces the one of its key; empty if none may exist

	// Fixed are columns in which a row has what the one it replaces has. SQLite writes an
	// index anew whose columns are set, also to what they were, and with it a page somewhere.
	Fixed []string
}

// Insert adds rows to a table within a transaction, many to a statement; values
// appends to args what a row has for each column, in their order. The rows of a
// statement are a power of two: each number is a statement to be prepared and kept.
// Where rows are many it costs half of what gorm takes, which finds the values by
// reflection: what almost every commit writes is written so, and nothing else needs
// to be.
func Insert[T any](tx *gorm.DB, into Into, rows []T, values func(row *T, args []any) []any) error {
	args := make([]any, 0, min(len(rows), rowsPerInsert)*len(into.Columns))
	for len(rows) > 0 {
		part := rows[:min(rowsPerInsert, 1<<(bits.Len(uint(len(rows)))-1))]
		rows = rows[len(part):]
		args = args[:0]
		for i := range part {
			args = values(&part[i], args)
		}
		query := into.statement(Dialect(tx.Name()), len(part))
		if _, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, query, args...); err != nil {
			return fmt.Errorf("insert %d rows into %s: %w", len(part), into.Table, err)
		}
	}
	return nil
}

// statement is the INSERT of so many rows.
func (into Into) statement(d Dialect, rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + into.Table + " (" + strings.Join(into.Columns, ", ") + ") VALUES ")
	for n := range rows * len(into.Columns) {
		switch {
		case n == 0:
			b.WriteByte('(')
		case n%len(into.Columns) == 0:
			b.WriteString("), (")
		default:
			b.WriteByte(',')
		}
		if d == Postgres {
			b.WriteString("$" + strconv.Itoa(n+1))
		} else {
			b.WriteByte('?')
		}
	}
	b.WriteByte(')')
	if into.Key != "" {
		b.WriteString(" ON CONFLICT (" + into.Key + ") DO UPDATE SET ")
		separator := ""
		for _, c := range into.Columns {
			if !slices.Contains(into.Fixed, c) {
				b.WriteString(separator + c + " = excluded." + c)
				separator = ", "
			}
		}
	}
	return b.String()
}
