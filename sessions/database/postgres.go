package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Connections that one process holds at most, of the 100 that PostgreSQL allows unless configured.
const (
	postgresWriters = 8
	postgresReaders = 8
)

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
func connectPostgres(database string, d durability, log *slog.Logger) (*DB, error) {
	config, err := pgx.ParseConfig(database)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = "cartwright"
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["synchronous_commit"] = "on"
	if d < durabilityFull {
		config.RuntimeParams["synchronous_commit"] = "off"
	}
	readonly := config.Copy()
	readonly.RuntimeParams["default_transaction_read_only"] = "on"

	db := &DB{dialect: Postgres}
	if db.writer, err = db.addPostgres(config, postgresWriters, log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if db.reader, err = db.addPostgres(readonly, postgresReaders, log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// confirmPostgres reads back how durable a commit is: a connection pooler on the way may drop what a
// session asked for. The database administrator's fsync is not ours to judge.
func confirmPostgres(ctx context.Context, writer *sql.DB, want durability) error {
	var got string
	if err := writer.QueryRowContext(ctx, "SHOW synchronous_commit").Scan(&got); err != nil {
		return fmt.Errorf("read back synchronous_commit: %w", err)
	}
	if want >= durabilityFull && got != "on" && got != "remote_apply" {
		return fmt.Errorf("PostgreSQL runs with synchronous_commit=%s instead of on: "+
			"commits might not survive a power failure", got)
	}
	return nil
}
