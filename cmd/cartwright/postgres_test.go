package main

import (
	"path/filepath"
	"testing"

	"cartwright/fixtures/testdb"
)

// The commands give the same on PostgreSQL.
func TestRees46OnPostgres(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(dataFolder(t, "rees46-cosmetics"), "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	testRees46(t, testdb.PostgresURL(t), files, count(t, files))
}
