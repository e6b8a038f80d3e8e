package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// addSQLite adds a pool of at most n connections, each of which begin prepares. Idle ones are kept:
// making one costs a dozen pragmas and an empty page cache.
func (db *DB) addSQLite(dsn string, n int, begin func(*sqlite3.SQLiteConn) error, log *slog.Logger) (*gorm.DB, error) {
	pool := sql.OpenDB(sqliteConnector{&sqlite3.SQLiteDriver{ConnectHook: begin}, dsn})
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	db.pools = append(db.pools, pool)
	return gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), settings(SQLite, log))
}

// addPostgres adds a pool of at most n connections, each of which begin may refuse. Idle ones are
// closed after some minutes, so that a quiet replica does not hold a server's few places.
func (db *DB) addPostgres(config *pgx.ConnConfig, n int, begin func(context.Context, *pgx.Conn) error, log *slog.Logger) (*gorm.DB, error) {
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		err := begin(ctx, conn)
		if err != nil {
			err = errors.Join(err, conn.Close(ctx)) // stdlib would leave it open
		}
		return err
	}))
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db.pools = append(db.pools, pool)
	return gorm.Open(postgres.New(postgres.Config{Conn: pool}), settings(Postgres, log))
}

// settings are gorm's for both databases. Transactions are ours to begin, so gorm begins none. Prepared
// statements are kept by the drivers, for each connection: gorm's own cache is no quicker on top of
// that, hands one caller's cancellation to others waiting for the same statement, and keeps a
// goroutine after Close.
func settings(d Dialect, log *slog.Logger) *gorm.Config {
	c := &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,
	}
	if log != nil {
		c.Logger = newTelling(d, log)
	}
	return c
}

// sqliteConnector opens connections to one file, each with the driver's hook.
type sqliteConnector struct {
	driver *sqlite3.SQLiteDriver
	dsn    string
}

// Connect opens a connection. Where another process turns a new file to its write-ahead log at this
// moment, or folds the log back as the last to close it, SQLite fails at once in spite of the busy
// timeout, since waiting could deadlock: with nothing open yet it is safe to begin again, for as long
// as any transaction would wait.
func (c sqliteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	const pause = 10 * time.Millisecond
	for begun := time.Now(); ; {
		conn, err := c.driver.Open(c.dsn)
		var failed sqlite3.Error
		if !errors.As(err, &failed) || failed.Code != sqlite3.ErrBusy || time.Since(begun) > busyTimeout*time.Millisecond {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// Driver returns the driver of the connections.
func (c sqliteConnector) Driver() driver.Driver { return c.driver }

// checkpointPages is how many pages the write-ahead log holds before they are
// brought into the file: 64 MB. At SQLite's own 4 MB, pages that change every
// second, as those of sessions do, would be written to the file as often.
const checkpointPages = 16384

// checkpointSeldom is told to every connection: the driver has no word for it in
// the name.
func checkpointSeldom(conn *sqlite3.SQLiteConn) error {
	_, err := conn.Exec(fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpointPages), nil)
	return err
}

// undoInMemory keeps in memory what a statement that fails halfway would need to be undone: a copy of
// each page that it changes, 2 MB for a hundred rows all over a table. SQLite would write it to a
// temporary file of each transaction, as many bytes once more as the log itself. Whoever only reads
// keeps the file, for the sorting of long lists.
func undoInMemory(conn *sqlite3.SQLiteConn) error {
	_, err := conn.Exec("PRAGMA temp_store = MEMORY", nil)
	return err
}
