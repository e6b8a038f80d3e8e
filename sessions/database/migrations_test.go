package database_test

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"

	"golang.org/x/sync/errgroup"
)

func TestBothDialectsHaveTheSameMigrations(t *testing.T) {
	names := func(dialect database.Dialect) []string {
		entries, err := fs.ReadDir(database.Migrations(), "migrations/"+string(dialect))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	sqlite, postgres := names(database.SQLite), names(database.Postgres)
	if !slices.Equal(sqlite, postgres) {
		t.Errorf("SQLite has %v,\nPostgreSQL has %v", sqlite, postgres)
	}
}

func TestMigrationsOnlyGoForward(t *testing.T) {
	err := fs.WalkDir(database.Migrations(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := fs.ReadFile(database.Migrations(), name)
		if strings.Contains(string(body), "+goose Down") {
			t.Errorf("%s has a way back, which would lose what happened since", name)
		}
		if path.Ext(name) != ".sql" || !strings.Contains(string(body), "+goose Up") {
			t.Errorf("%s is no migration", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// later is a database that was migrated to version 1 and is opened by a program that knows two more,
// of which the last is given.
func later(third string) fstest.MapFS {
	files := fstest.MapFS{}
	for _, dialect := range []string{"sqlite", "postgres"} {
		folder := "migrations/" + dialect
		files[folder+"/00001_one.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE one (id BIGINT);\n")}
		files[folder+"/00002_two.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE two (id BIGINT);\n")}
		files[folder+"/00003_three.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + third)}
	}
	return files
}

// TestAFailingMigrationUndoesItselfOnly checks that a corrected program can go on after a broken one.
func TestAFailingMigrationUndoesItselfOnly(t *testing.T) {
	empty(t, func(t *testing.T, url string) {
		broken := later("CREATE TABLE three (id BIGINT);\nINSERT INTO nowhere VALUES (1);\n")
		if _, err := database.OpenAt(t.Context(), url, database.Options{Durability: database.Off}, broken); err == nil {
			t.Fatal("a database with a failed migration was opened")
		}
		fixed := later("CREATE TABLE three (id BIGINT);\nINSERT INTO three VALUES (3);\n")
		db, err := database.OpenAt(t.Context(), url, database.Options{Durability: database.Off}, fixed)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if got, want := testdb.Rows(t, db, "SELECT id FROM three"), "id\n3\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestReplicasMigrateOnce(t *testing.T) {
	empty(t, func(t *testing.T, url string) {
		files := later("CREATE TABLE three (id BIGINT);\nINSERT INTO three VALUES (3);\n")
		var starts errgroup.Group
		for range 4 {
			starts.Go(func() error {
				db, err := database.OpenAt(t.Context(), url, database.Options{Durability: database.Off}, files)
				if err != nil {
					return err
				}
				return db.Close()
			})
		}
		if err := starts.Wait(); err != nil {
			t.Fatal(err)
		}
		db, err := database.OpenAt(t.Context(), url, database.Options{Durability: database.Off}, files)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if got, want := testdb.Rows(t, db, "SELECT id FROM three"), "id\n3\n"; got != want {
			t.Errorf("the last migration ran other than once: got %q, want %q", got, want)
		}
	})
}

// empty runs f with a database of each dialect that has no tables yet.
func empty(t *testing.T, f func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, filepath.Join(t.TempDir(), "shop.db")) })
	t.Run("postgres", func(t *testing.T) {
		url := testdb.PostgresURL(t)
		db := mustOpen(t, url, database.Options{Durability: database.Off})
		exec(t, db, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
		f(t, url)
	})
}
