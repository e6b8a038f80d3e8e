package main

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

// A server that does not wait for its disk is refused by every command, unless that is allowed by name.
func TestLowerDurabilityHasToBeAllowed(t *testing.T) {
	url := testdb.PostgresURL(t)
	for _, command := range []string{"serve", "stats", "verify", "detect"} {
		if got := told(t, nil, exitFailed, command, "--db", url); !strings.Contains(got, "fsync=off") || !strings.Contains(got, "durability") {
			t.Errorf("%s: told %q", command, got)
		}
	}
	invoke[Stats](t, "stats", "--json", "--db", url, "--durability", "normal")
	if got := told(t, []string{"CARTWRIGHT_DURABILITY=sometimes"}, exitUsage, "serve"); !strings.Contains(got, "full, normal and off") {
		t.Errorf("told %q", got)
	}
}

// What is allowed is warned about at the start.
func TestLowerDurabilityIsWarnedAbout(t *testing.T) {
	for durability, warns := range map[database.Durability]bool{database.Full: false, database.Normal: true, database.Off: true} {
		var log bytes.Buffer
		config := defaultConfig()
		config.Database, config.Durability = filepath.Join(t.TempDir(), "shop.db"), durability
		shop, err := OpenShop(t.Context(), config, ShopOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if err := shop.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if strings.Contains(log.String(), "power failure") != warns {
			t.Errorf("%s: %s", durability, &log)
		}
	}
}
