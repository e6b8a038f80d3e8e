package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

// Every command that opens a database refuses one of a newer schema, names both versions, and leaves it
// as it is.
func TestEveryCommandRefusesANewerSchema(t *testing.T) {
	backup := filepath.Join(t.TempDir(), "sound.backup")
	printed(t, nil, "backup", backup, "--db", testdb.SQLiteURL(t))
	events := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(events, []byte(`{"type":"page","anonymousId":"a"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := map[string][]string{
		"serve": {"--port", "0"}, "import": {"--format", "segment", events}, "detect": nil, "stats": nil, "tune": nil, "evaluate": {"--last", "7d"}, "replay": nil, "verify": nil,
		"keys": {"list"}, "report": {"recovery"}, "backup": {filepath.Join(t.TempDir(), "b")}, "restore": {backup}, "jobs": nil, "doctor": nil,
		"flows": nil, "why": {"1"}, "mail": {"list"}, "coupons": nil, "webhooks": nil,
	}
	without := map[string]bool{"tour": true, "bench": true, "version": true, "config": true, "health": true, "help": true}
	for _, command := range rootCommand(streams{}).Commands() {
		name := command.Name()
		more, known := lines[name]
		if without[name] {
			continue
		}
		if !known {
			t.Errorf("%s: say here how it opens a database", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			path := testdb.SQLiteURL(t)
			spoil(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (90000, 1)")
			before := must(os.ReadFile(path))
			var out, errs strings.Builder
			code := run(t.Context(), append(append([]string{name}, more...), "--db", path), streams{strings.NewReader(""), &out, &errs, nil})
			said := out.String() + errs.String()
			if code != exitFailed || !strings.Contains(said, "90000") || !strings.Contains(said, fmt.Sprint(database.Known())) {
				t.Errorf("exit %d: %s", code, said)
			}
			if string(must(os.ReadFile(path))) != string(before) {
				t.Error("the database was changed")
			}
		})
	}
	newer := testdb.SQLiteURL(t)
	spoil(t, newer, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (90000, 1)")
	if said := told(t, nil, exitFailed, "restore", newer, "--db", filepath.Join(t.TempDir(), "x.db")); !strings.Contains(said, "90000") {
		t.Errorf("restore from a newer backup: %s", said)
	}
}
