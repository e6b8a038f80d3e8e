package database_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"

	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"
)

// urls runs f with the URL of a fresh, migrated database of each dialect.
func urls(t *testing.T, f func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, testdb.SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, testdb.PostgresURL(t)) })
}

// mustOpen opens url until the test ends.
func mustOpen(t *testing.T, url string, o database.Options) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// exec writes with statements, each in the same transaction.
func exec(t *testing.T, db *database.DB, statements ...string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		for _, s := range statements {
			if err := tx.Exec(s).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasWrittenIsThereAfterReopening(t *testing.T) {
	urls(t, func(t *testing.T, url string) {
		first, err := database.Open(t.Context(), url, database.Options{Durability: database.Off})
		if err != nil {
			t.Fatal(err)
		}
		exec(t, first, "INSERT INTO leases (name, holder, token, expires_at) VALUES ('detect', 'a', 1, 1010)")
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		second := mustOpen(t, url, database.Options{Durability: database.Off})
		want := "name    holder  token  expires_at\ndetect  a       1      1010\n"
		if got := testdb.Rows(t, second, "SELECT name, holder, token, expires_at FROM leases"); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

func TestAnyFileNameWorks(t *testing.T) {
	for _, name := range []string{"shop.db", "my shop.db", "what?.db", "a%20b.db", "100%.db", "no#1.db", "Läden & Söhne.db", "a?_query_only=1"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			exec(t, mustOpen(t, path, database.Options{}), "UPDATE leases SET token = 1")
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Size() == 0 || info.Mode().Perm() != 0o600 {
				t.Errorf("the file has %d bytes and mode %v, want some bytes, for its owner alone", info.Size(), info.Mode())
			}
			entries, err := os.ReadDir(filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if !strings.HasPrefix(e.Name(), name) {
					t.Errorf("file %q was made as well", e.Name())
				}
			}
		})
	}
}

func TestARelativePathIsFoundFromTheStartingFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	db := mustOpen(t, "shop.db", database.Options{})
	t.Chdir(t.TempDir())
	exec(t, db, "UPDATE leases SET token = 1")
	if _, err := os.Stat("shop.db"); err == nil {
		t.Error("the database followed us into another folder")
	}
}

func TestWhatIsNoDatabaseIsRefused(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "letter.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("Dear reader, ", 400)), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, says := range map[string]string{
		"":                       "give a file path",
		":memory:":               "give a file path",
		"file:shop.db":           "plain file path",
		"mysql://root@localhost": "postgres://",
		"postgres://[":           "postgres",
		"a\x00b":                 "NUL",
		folder:                   "directory",
		folder + "/no/shop.db":   "no such file",
		text:                     "not a database",
	} {
		db, err := database.Open(t.Context(), url, database.Options{})
		if err == nil {
			t.Errorf("%q was opened", url)
			db.Close()
		} else if !strings.Contains(err.Error(), says) {
			t.Errorf("%q: the error %q does not say %q", url, err, says)
		}
	}
}

func TestAServerThatIsAwayIsUnavailable(t *testing.T) {
	url := "postgres://shop:secret@" + "/shop?host=" + t.TempDir() + "&password=secret"
	_, err := database.Open(t.Context(), url, database.Options{})
	if !database.IsUnavailable(err) || database.IsData(err) {
		t.Errorf("error %v, want one that says to try later", err)
	}
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("the error %q tells the password", err)
	}
}

func TestMessagesHideThePassword(t *testing.T) {
	for url, want := range map[string]string{
		"shop.db":                            "shop.db",
		"postgres://shop:secret@db/shop":     "postgres://shop:xxxxx@db/shop",
		"postgresql://db/shop?password=a":    "postgresql://db/shop",
		"postgres://shop:se%zzcret@db/shop":  "postgres://…",
		"postgres://shop@db/shop?user=other": "postgres://shop@db/shop?user=other",
	} {
		if got := database.Redacted(url); got != want {
			t.Errorf("Redacted(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestANewerSchemaIsRefused(t *testing.T) {
	urls(t, func(t *testing.T, url string) {
		db := mustOpen(t, url, database.Options{Durability: database.Off})
		applied := "1"
		if db.Dialect() == database.Postgres {
			applied = "true"
		}
		exec(t, db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (90000, "+applied+")")
		if _, err := database.Open(t.Context(), url, database.Options{Durability: database.Off}); !errors.Is(err, database.ErrNewer) {
			t.Errorf("opening it: %v, want ErrNewer", err)
		}
	})
}

func TestSeveralProcessesMayStartOnOneNewDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	var starts errgroup.Group
	for range 6 {
		starts.Go(func() error {
			db, err := database.Open(t.Context(), path, database.Options{})
			if err != nil {
				return err
			}
			return db.Close()
		})
	}
	if err := starts.Wait(); err != nil {
		t.Error(err)
	}
}

// TestAnotherWriterOfTheNewFileIsWaitedFor checks that opening begins again where SQLite does not wait
// by itself: another connection writes to the file that is to get its write-ahead log.
func TestAnotherWriterOfTheNewFileIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	other, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	writing, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() { _ = writing.Rollback() })
	db, err := database.Open(t.Context(), path, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
