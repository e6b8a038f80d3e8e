package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// dumpOf returns all rows that follow from the log, and the log.
func dumpOf(db *database.DB) (string, error) {
	tables := []sessions.Table{
		{Name: "events", Key: "seq"}, {Name: "head", Key: "id"}, {Name: "cursors", Key: "name"}, {Name: "settings", Key: "id"},
		{Name: "visitors", Key: "id"}, {Name: "identities", Key: "kind, value"}, {Name: "sessions", Key: "id"},
	}
	for _, p := range projections(db) {
		tables = append(tables, p.Tables()...)
	}
	var b strings.Builder
	for _, table := range tables {
		if err := dumpTable(&b, db, table); err != nil {
			return "", fmt.Errorf("dump %s: %w", table.Name, err)
		}
	}
	return b.String(), nil
}

func dumpTable(b *strings.Builder, db *database.DB, t sessions.Table) error {
	var rows []map[string]any
	if err := db.Read(context.Background()).Table(t.Name).Order(t.Key).Find(&rows).Error; err != nil {
		return err
	}
	fmt.Fprintf(b, "%s: %d rows\n", t.Name, len(rows))
	for _, row := range rows {
		var cells []string
		for name, value := range row {
			switch value.(type) {
			case []byte, string: // which of them, the drivers do not agree on
				value = fmt.Sprintf("%q", value)
			}
			cells = append(cells, fmt.Sprintf("%s=%v", name, value))
		}
		slices.Sort(cells)
		fmt.Fprintln(b, strings.Join(cells, " "))
	}
	return nil
}

// difference returns the first lines that two dumps do not share.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("got  %s\nwant %s", b[i], a[i])
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(b), len(a))
}
