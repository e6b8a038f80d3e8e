package database_test

import (
	"errors"
	"path/filepath"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"

	"gorm.io/gorm"
)

// replaceWriters closes the connections that write, so that the next ones are new.
func replaceWriters(t *testing.T, db *database.DB) {
	t.Helper()
	pool := database.Writers(db)
	pool.SetMaxIdleConns(0)
	pool.SetMaxIdleConns(1)
}

func TestCommitsReachTheDiskUnlessToldOtherwise(t *testing.T) {
	urls := map[string]string{"sqlite": filepath.Join(t.TempDir(), "shop.db"), "postgres": testdb.NewServer(t).URL}
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			for option, durable := range map[database.Durability]bool{
				"": true, database.Full: true, database.Normal: name == "postgres", database.Off: false,
			} {
				db := mustOpen(t, url, database.Options{Durability: option})
				for range 2 { // the first connection, and one made later
					if err := database.ConfirmDurable(t.Context(), db); (err == nil) != durable {
						t.Errorf("with durability %q, confirming the full one says %v", option, err)
					}
					replaceWriters(t, db)
				}
			}
			if _, err := database.Open(t.Context(), url, database.Options{Durability: "sometimes"}); err == nil {
				t.Error("durability \"sometimes\" was taken")
			}
		})
	}
}

// A server that does not wait for its disk is refused, unless that is allowed by name: at the start,
// and also later, when a connection is made anew.
func TestAServerThatDoesNotWaitForItsDiskIsRefused(t *testing.T) {
	server := testdb.NewServer(t)
	running := mustOpen(t, server.URL, database.Options{})
	touch := func(tx *gorm.DB) error { return tx.Exec("UPDATE leases SET token = 1").Error }
	write := func() error {
		err := running.Write(t.Context(), touch)
		if database.IsUnavailable(err) { // the connection that the restart broke; the next one is new
			err = running.Write(t.Context(), touch)
		}
		return err
	}
	for _, setting := range []string{"fsync", "full_page_writes"} {
		server.Exec(t, "ALTER SYSTEM SET "+setting+" = off")
		server.Stop(t)
		server.Start(t)
		if err := write(); !errors.Is(err, database.ErrNotDurable) {
			t.Errorf("%s is off: a new connection of a running program: %v, want ErrNotDurable", setting, err)
		}
		if _, err := database.Open(t.Context(), server.URL, database.Options{}); !errors.Is(err, database.ErrNotDurable) {
			t.Errorf("%s is off: opening: %v, want ErrNotDurable", setting, err)
		}
		for _, lower := range []database.Durability{database.Normal, database.Off} {
			mustOpen(t, server.URL, database.Options{Durability: lower})
		}
		server.Exec(t, "ALTER SYSTEM RESET "+setting)
		server.Stop(t)
		server.Start(t)
		if err := write(); err != nil {
			t.Errorf("%s is on again: %v", setting, err)
		}
	}
}
