package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cartwright/fixtures/testdb"
)

// A backup takes the place of no file of the database that it is made of, whatever it is called by.
func TestABackupIsNotTheDatabase(t *testing.T) {
	folder := t.TempDir()
	db := filepath.Join(folder, "shop.db")
	shopAt(t, folder, db)
	for link, to := range map[string]string{"link": db, "link.wal": db + "-wal"} {
		if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"hard": db, "hard.shm": db + "-shm"} {
		if err := os.Link(to, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(folder, filepath.Join(folder, "around")); err != nil {
		t.Fatal(err)
	}
	before := testdb.Rows(t, inspect(t, db), "SELECT count(*) AS n FROM carts")
	for _, url := range []string{db, filepath.Join(folder, "link")} {
		for _, name := range []string{
			"shop.db", "shop.db-wal", "shop.db-shm", "shop.db-journal", "./around/../shop.db", "around/shop.db-wal",
			"link", "link.wal", "hard", "hard.shm",
		} {
			said := told(t, nil, exitFailed, "backup", "--force", folder+"/"+name, "--db", url)
			if !strings.Contains(said, "belongs to the database itself") {
				t.Errorf("a backup of %s at %s: %s", url, name, said)
			}
		}
	}
	if after := testdb.Rows(t, inspect(t, db), "SELECT count(*) AS n FROM carts"); after != before || before != "n\n1\n" {
		t.Errorf("carts before %s, after %s", before, after)
	}
	for range 2 { // what is no file of it can be replaced
		invoke[Backup](t, "backup", "--force", "--json", filepath.Join(folder, "shop.backup"), "--db", db)
	}
}

// A backup is not restored into itself, nor into a database that would keep a file in its place.
func TestARestoreIsNotTheBackup(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "shop.db-wal") // as far as names go
	invoke[Backup](t, "backup", file, "--json", "--db", testdb.SQLiteURL(t))
	if err := os.Symlink(file, filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop.db-wal", "link", "shop.db", "shop.db-wal-shm"} {
		said := told(t, nil, exitFailed, "restore", file, "--db", filepath.Join(folder, name))
		if !strings.Contains(said, "in common") {
			t.Errorf("a restore into %s: %s", name, said)
		}
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("the backup was changed: %d bytes, %v", len(after), err)
	}
	if _, err := os.Stat(filepath.Join(folder, "shop.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a database was made: %v", err)
	}
}

// shopAt keeps a shop with one cart open at url until the test ends. What it knows of recommendations it
// keeps in folder.
func shopAt(t *testing.T, folder, url string) {
	t.Helper()
	config := defaultConfig()
	config.Database, config.WriteKey, config.SecretKey = url, testWriteKey, testSecretKey
	config.RecommendSnapshot = filepath.Join(folder, "snapshot")
	shop, err := OpenShop(t.Context(), config, ShopOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeShop(t, shop) })
	put(t, shop, "/v1/carts/c1", cartOf("ann"))
}

// What is restored is its owner's alone, also where an empty file was put before.
func TestARestoredDatabaseIsPrivate(t *testing.T) {
	folder := t.TempDir()
	file, fresh, taken := filepath.Join(folder, "backup"), filepath.Join(folder, "fresh.db"), testdb.SQLiteURL(t)
	invoke[Backup](t, "backup", file, "--json", "--db", testdb.SQLiteURL(t))
	invoke[map[string]string](t, "keys", "create", "--scope", "write", "--json", "--db", taken)
	if err := errors.Join(os.WriteFile(fresh, nil, 0o644), os.Chmod(fresh, 0o644), os.Chmod(taken, 0o640)); err != nil {
		t.Fatal(err)
	}
	invoke[Restored](t, "restore", file, "--json", "--db", fresh)
	told(t, nil, exitFailed, "restore", file, "--db", taken) // nothing of it is changed
	for path, want := range map[string]os.FileMode{fresh: 0o600, taken: 0o640} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %s", path, info, err, want)
		}
	}
}
