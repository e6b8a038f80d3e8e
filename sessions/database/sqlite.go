package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// busyTimeout is how many milliseconds a transaction waits for another process's write lock. It is
// longer than any transaction of ours should be, and shorter than a client waits for an answer.
const busyTimeout = 10_000

// connectSQLite makes one writer connection and a query-only pool on the file at path.
func connectSQLite(path string, d durability, log *slog.Logger) (*DB, error) {
	path, err := makeFile(path)
	if err != nil {
		return nil, err
	}
	db := &DB{dialect: SQLite}
	if db.writer, err = db.addSQLite(writerDSN(path, d), 1, log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	if db.reader, err = db.addSQLite(readerDSN(path), readers, log); err != nil {
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
func writerDSN(path string, d durability) string {
	return fileURI(path, url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {strconv.Itoa(int(d))},
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

// confirmSQLite reads back what the writer connection runs with: a pragma that SQLite does not like
// is not an error to it.
func confirmSQLite(ctx context.Context, writer *sql.DB, want durability) error {
	var journal string
	if err := writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return fmt.Errorf("read back journal_mode: %w", err)
	}
	var got durability
	if err := writer.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&got); err != nil {
		return fmt.Errorf("read back synchronous: %w", err)
	}
	if journal != "wal" || got < want {
		return fmt.Errorf("SQLite runs with journal_mode=%s synchronous=%d instead of wal and %d: "+
			"commits might not survive a power failure", journal, got, want)
	}
	return nil
}
