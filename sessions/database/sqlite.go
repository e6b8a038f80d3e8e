package database

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// busyTimeout is how many milliseconds a transaction waits for another process's write lock. It is
// longer than any transaction of ours should be, and shorter than a client waits for an answer.
const busyTimeout = 10_000

// connectSQLite makes one writer connection and a query-only pool on the file at path.
func connectSQLite(path string, d Durability, log *slog.Logger) (*DB, error) {
	path, err := makeFile(path)
	if err != nil {
		return nil, err
	}
	db := &DB{dialect: SQLite}
	if db.writer, err = db.addSQLite(writerDSN(path, d), 1, confirmSQLite(d), log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	if db.reader, err = db.addSQLite(readerDSN(path), readers, checkpointSeldom, log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// makeFile makes sure that the file exists, readable by its owner alone because it holds what
// shoppers did, and returns its absolute path. SQLite gives its companion files the same mode.
func makeFile(path string) (string, error) {
	if strings.ContainsRune(path, 0) {
		return "", errors.New("a file path cannot hold a NUL character")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the folder we are in: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("make the file: %w", err)
	}
	return path, f.Close()
}

// writerDSN names the file for the connection that writes. Its transactions are immediate: they
// wait for the write lock when they begin, where waiting is safe, and not at their first write,
// where SQLite would have to fail those that read before.
func writerDSN(path string, d Durability) string {
	return fileURI(path, url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {strconv.Itoa(synchronous(d))},
		"_busy_timeout": {strconv.Itoa(busyTimeout)},
		"_foreign_keys": {"1"},
		"_txlock":       {"immediate"},
		"_cache_size":   {"-65536"}, // KiB, negative by SQLite's convention
		// Statements stay prepared with their connection, as pgx does it on its own account.
		"_stmt_cache_size": {"128"},
	})
}

// readerDSN names the file for connections that only query.
func readerDSN(path string) string {
	return fileURI(path, url.Values{
		"_query_only":      {"1"},
		"_busy_timeout":    {strconv.Itoa(busyTimeout)},
		"_cache_size":      {"-16384"},
		"_stmt_cache_size": {"64"},
	})
}

// fileURI escapes path so that ?, # and % in it stay part of the name.
func fileURI(path string, pragmas url.Values) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true, RawQuery: pragmas.Encode()}
	return u.String()
}

// synchronous is SQLite's number for a durability.
func synchronous(d Durability) int {
	return map[Durability]int{Off: 0, Normal: 1, Full: 2}[d]
}

// confirmSQLite reads back what a new connection that writes runs with: a pragma that SQLite does not
// like is not an error to it.
func confirmSQLite(want Durability) func(*sqlite3.SQLiteConn) error {
	return func(conn *sqlite3.SQLiteConn) error {
		journal, err := pragma(conn, "journal_mode")
		if err != nil {
			return err
		}
		got, err := pragma(conn, "synchronous")
		if err != nil {
			return err
		}
		if level, ok := got.(int64); journal != "wal" || !ok || level < int64(synchronous(want)) {
			return fmt.Errorf("SQLite runs with journal_mode=%v synchronous=%v instead of wal and %d: %w",
				journal, got, synchronous(want), ErrNotDurable)
		}
		return errors.Join(checkpointSeldom(conn), undoInMemory(conn))
	}
}

// pragma asks a connection for one of its settings.
func pragma(conn *sqlite3.SQLiteConn, name string) (driver.Value, error) {
	rows, err := conn.Query("PRAGMA "+name, nil)
	if err != nil {
		return nil, fmt.Errorf("read back %s: %w", name, err)
	}
	defer rows.Close()
	value := make([]driver.Value, 1)
	if err := rows.Next(value); err != nil {
		return nil, fmt.Errorf("read back %s: %w", name, err)
	}
	return value[0], nil
}
