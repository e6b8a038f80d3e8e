package database

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// Counts says how many rows each table has.
type Counts map[string]int64

// Rows is the sum of all tables.
func (c Counts) Rows() int64 {
	var n int64
	for _, rows := range c {
		n += rows
	}
	return n
}

// Differ names the tables in which other has another number of rows, or "" if none.
func (c Counts) Differ(other Counts) string {
	var differences []string
	for table, n := range c {
		if m, there := other[table]; !there || n != m {
			differences = append(differences, fmt.Sprintf("%s has %d rows, not %d", table, m, n))
		}
	}
	for table := range other {
		if _, there := c[table]; !there {
			differences = append(differences, table+" should not be there")
		}
	}
	slices.Sort(differences)
	return strings.Join(differences, "; ")
}

// versions is goose's table, which says what was migrated: it belongs to a database and is not copied.
const versions = "goose_db_version"

// Tables returns the names of all tables that tx sees, sorted, except the record of migrations.
func Tables(tx *gorm.DB) ([]string, error) {
	query := "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> ?"
	if Dialect(tx.Name()) == Postgres {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> ?"
	}
	var names []string
	if err := tx.Raw(query, versions).Scan(&names).Error; err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// Count counts the rows of all tables. Cost: walks a key of each.
func Count(tx *gorm.DB) (Counts, error) {
	tables, err := Tables(tx)
	if err != nil {
		return nil, err
	}
	counts := Counts{}
	for _, table := range tables {
		var n int64
		if err := tx.Table(table).Count(&n).Error; err != nil {
			return nil, fmt.Errorf("count %s: %w", table, err)
		}
		counts[table] = n
	}
	return counts, nil
}

// Progress is told from time to time how much is done, of how much. It may be nil.
type Progress func(done, of int64)

func (p Progress) tell(done, of int64) {
	if p != nil {
		p(done, of)
	}
}

// replace makes the rows of every table of to those of from, which has the same schema version,
// whichever their dialects.
func replace(from, to *gorm.DB, progress Progress) (Counts, error) {
	counts, err := Count(from)
	if err != nil {
		return nil, err
	}
	tables, err := Tables(to)
	if err != nil {
		return nil, err
	}
	c := tableCopy{from: from, to: to, of: counts.Rows(), progress: progress}
	for _, table := range tables {
		if _, known := counts[table]; !known {
			return nil, fmt.Errorf("there is no table %s in what is copied", table)
		}
		if err := c.copy(table); err != nil {
			return nil, fmt.Errorf("copy %s: %w", table, err)
		}
	}
	if len(tables) != len(counts) {
		return nil, fmt.Errorf("there is no place for some of the tables %v: there are only %v", counts, tables)
	}
	return counts, nil
}

// tableCopy copies tables and counts the rows.
type tableCopy struct {
	from, to *gorm.DB
	done, of int64
	progress Progress
}

// rowsAtOnce bounds the rows of one statement, and valuesAtOnce the values: SQLite takes 32766,
// PostgreSQL 65535.
const (
	rowsAtOnce   = 500
	valuesAtOnce = 30000
)

func (c *tableCopy) copy(table string) error {
	if err := c.to.Exec("DELETE FROM " + table).Error; err != nil {
		return err
	}
	rows, err := c.from.Table(table).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	atOnce := min(rowsAtOnce, valuesAtOnce/len(columns))
	for {
		values, n, err := take(rows, len(columns), atOnce)
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		if err := c.to.Exec(insertion(table, columns, n), values...).Error; err != nil {
			return err
		}
		c.done += int64(n)
		c.progress.tell(c.done, c.of)
	}
}

// take reads up to limit rows and returns their values one after the other.
func take(rows *sql.Rows, columns, limit int) (values []any, n int, err error) {
	for n < limit && rows.Next() {
		row := make([]any, columns)
		into := make([]any, columns)
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, 0, err
		}
		for i, v := range row {
			if bytes, is := v.([]byte); is {
				row[i] = blob(bytes)
			}
		}
		values = append(values, row...)
		n++
	}
	return values, n, rows.Err()
}

// blob is a value that gorm does not take for a list, which it would spread out behind a
// parenthesis.
type blob []byte

// Value returns the bytes.
func (b blob) Value() (driver.Value, error) { return []byte(b), nil }

// insertion is the statement that inserts n rows.
func insertion(table string, columns []string, n int) string {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	quoted := `"` + strings.Join(columns, `", "`) + `"`
	return "INSERT INTO " + table + " (" + quoted + ") VALUES " + row + strings.Repeat(", "+row, n-1)
}
