package database_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"

	"gorm.io/gorm"
)

// items makes a table that has something against many values.
func items(t *testing.T, db *database.DB) {
	t.Helper()
	exec(t, db,
		"CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT NOT NULL, n INTEGER CHECK (n >= 0))",
		"CREATE UNIQUE INDEX items_by_name ON items (name)",
		"CREATE TABLE parts (item BIGINT NOT NULL REFERENCES items (id))",
		"INSERT INTO items VALUES (1, 'one', 1)")
}

func TestRefusedValuesAreData(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	long := make([]byte, 20_000)
	for i := range long {
		long[i] = byte('a' + random.IntN(26))
	}
	const insert = "INSERT INTO items VALUES (?, ?, ?)"
	cases := []struct {
		name      string
		statement string
		args      []any
		only      database.Dialect // empty: both refuse it
	}{
		{"primary key", insert, []any{1, "two", 2}, ""},
		{"unique index", insert, []any{2, "one", 2}, ""},
		{"not null", insert, []any{2, nil, 2}, ""},
		{"check", insert, []any{2, "two", -1}, ""},
		{"foreign key", "INSERT INTO parts VALUES (?)", []any{9}, ""},
		{"U+0000", insert, []any{2, "a\x00b", 2}, database.Postgres},
		{"not UTF-8", insert, []any{2, "a\xff", 2}, database.Postgres},
		{"more than 32 bits", insert, []any{2, "two", 1 << 40}, database.Postgres},
		{"long text under an index", insert, []any{2, string(long), 2}, database.Postgres},
		{"sum too large", "UPDATE items SET id = id + ?", []any{int64(1<<63 - 1)}, database.Postgres},
		{"rowid that is text", "INSERT INTO ids VALUES (?)", []any{"x"}, database.SQLite},
	}
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		items(t, db)
		exec(t, db, "CREATE TABLE ids (id INTEGER PRIMARY KEY)")
		for _, c := range cases {
			if c.only != "" && c.only != db.Dialect() {
				continue
			}
			err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(c.statement, c.args...).Error })
			wrapped := fmt.Errorf("insert an item: %w", err)
			if !database.IsData(wrapped) || database.IsUnavailable(wrapped) {
				t.Errorf("%s: %v is not seen as refused data", c.name, err)
			}
		}
	})
}

func TestMistakesOfTheProgramAreNeitherDataNorUnavailable(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		items(t, db)
		for _, statement := range []string{"SELECT nothing FROM items", "SELEC 1", "INSERT INTO nowhere VALUES (1)"} {
			err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(statement).Error })
			if err == nil || database.IsData(err) || database.IsUnavailable(err) {
				t.Errorf("%s: error %v is seen as data or as unavailable", statement, err)
			}
		}
	})
	for _, err := range []error{nil, errors.New("failed to load"), gorm.ErrRecordNotFound, context.Canceled} {
		if database.IsData(err) || database.IsUnavailable(err) {
			t.Errorf("%v is seen as data or as unavailable", err)
		}
	}
}

func TestALockedFileIsUnavailable(t *testing.T) {
	url := testdb.SQLiteURL(t)
	holder := mustOpen(t, url, database.Options{Durability: database.Off})
	waiter := mustOpen(t, url, database.Options{Durability: database.Off})
	exec(t, waiter, "PRAGMA busy_timeout = 1")
	err := holder.Write(t.Context(), func(*gorm.DB) error {
		err := waiter.Write(t.Context(), func(*gorm.DB) error { return nil })
		if !database.IsUnavailable(err) || database.IsData(err) {
			t.Errorf("error %v, want one that says to try later", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskIsUnavailable(t *testing.T) {
	db := testdb.SQLite(t)
	exec(t, db, "CREATE TABLE blobs (body BLOB)", "PRAGMA max_page_count = 100")
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO blobs VALUES (?)", strings.Repeat("x", 1<<20)).Error
	})
	if !database.IsUnavailable(err) || database.IsData(err) {
		t.Errorf("error %v, want one that says to try later", err)
	}
	exec(t, db, "INSERT INTO blobs VALUES ('small')")
}

func TestAServerShuttingConnectionsIsUnavailable(t *testing.T) {
	db := testdb.Postgres(t)
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("SELECT pg_terminate_backend(pg_backend_pid())").Error
	})
	if !database.IsUnavailable(err) || database.IsData(err) {
		t.Errorf("error %v, want one that says to try later", err)
	}
	exec(t, db, "UPDATE leases SET token = 1")
}

func TestADeadlineThatPassedIsUnavailable(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithDeadline(t.Context(), time.UnixMilli(0))
		defer cancel()
		err := db.Write(ctx, func(*gorm.DB) error { return nil })
		if !database.IsUnavailable(err) || database.IsData(err) {
			t.Errorf("error %v, want one that says to try later", err)
		}
	})
}
