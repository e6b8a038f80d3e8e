package database

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Connections that one process holds at most, of the 100 that PostgreSQL allows unless configured.
const (
	postgresWriters = 8
	postgresReaders = 8
)

// abandonedAfter is how long PostgreSQL waits for the next statement of a transaction before it
// undoes it: a process that was stopped or cut off in the middle of one would otherwise keep its
// rows, the head of the log among them, from all others for as long as it is away.
const abandonedAfter = 5 * time.Second

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// redacted is url without its password, for messages.
func redacted(database string) string {
	if !isPostgres(database) {
		return database
	}
	u, err := url.Parse(database)
	if err != nil {
		return "postgres://…"
	}
	q := u.Query()
	q.Del("password")
	u.RawQuery = q.Encode()
	return u.Redacted()
}

// connectPostgres makes a pool that writes and one whose sessions are read-only, so that writing
// through Read fails here as it does on SQLite. Nothing is connected yet.
func connectPostgres(database string, d Durability, log *slog.Logger) (*DB, error) {
	config, err := postgresConfig(database, d)
	if err != nil {
		return nil, err
	}
	readonly := config.Copy()
	readonly.RuntimeParams["default_transaction_read_only"] = "on"
	config.RuntimeParams["idle_in_transaction_session_timeout"] = strconv.FormatInt(abandonedAfter.Milliseconds(), 10)

	db := &DB{dialect: Postgres}
	if db.writer, err = db.addPostgres(config, postgresWriters, confirmPostgres(d), log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if db.reader, err = db.addPostgres(readonly, postgresReaders, confirmPostgres(Off), log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// postgresConfig is how connections to database are made, and what their sessions are told.
func postgresConfig(database string, d Durability) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(database)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = "cartwright"
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["synchronous_commit"] = "on"
	if d == Off {
		config.RuntimeParams["synchronous_commit"] = "off"
	}
	return config, nil
}

// confirmPostgres reads back, on a new connection, how durable a commit is: a connection pooler on the
// way may drop what a session asked for, and a server may be configured not to wait for its disk.
func confirmPostgres(want Durability) func(context.Context, *pgx.Conn) error {
	return func(ctx context.Context, conn *pgx.Conn) error {
		if want != Full {
			return nil
		}
		var commit, fsync, pages string
		err := conn.QueryRow(ctx, "SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes')").
			Scan(&commit, &fsync, &pages)
		if err != nil {
			return fmt.Errorf("read back how durable commits are: %w", err)
		}
		if commit != "on" && commit != "remote_apply" || fsync != "on" || pages != "on" {
			return fmt.Errorf("PostgreSQL runs with synchronous_commit=%s fsync=%s full_page_writes=%s instead of on: %w",
				commit, fsync, pages, ErrNotDurable)
		}
		return nil
	}
}
