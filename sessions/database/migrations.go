package database

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// ErrNewer means that a later version of the program has changed the schema: this one would
// misunderstand it.
var ErrNewer = errors.New("the database was written by a newer version of Cartwright: use that one or a later one")

// embedded holds the migrations: a folder for each dialect, whose files are numbered alike.
//
//go:embed migrations
var embedded embed.FS

// migrate brings the schema up to the last of the migrations that files holds in the dialect's folder.
func migrate(ctx context.Context, dialect Dialect, writer *sql.DB, files fs.FS) error {
	steps, err := fs.Sub(files, "migrations/"+string(dialect))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	provider, err := goose.NewProvider(gooseDialect(dialect), writer, steps,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	return migrateUp(ctx, provider)
}

func gooseDialect(d Dialect) goose.Dialect {
	if d == Postgres {
		return goose.DialectPostgres
	}
	return goose.DialectSQLite3
}

// migrateUp runs what is pending. Two processes may start on one new database: each migration is a
// transaction, so one of them loses the race for it, and finds the other's work on looking again.
func migrateUp(ctx context.Context, provider *goose.Provider) error {
	const tries = 10
	for try := 1; ; try++ {
		err := migrateOnce(ctx, provider)
		if err == nil || errors.Is(err, ErrNewer) || try == tries || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(try) * 20 * time.Millisecond):
		}
	}
}

func migrateOnce(ctx context.Context, provider *goose.Provider) error {
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > target {
		return fmt.Errorf("schema version %d, known up to %d: %w", current, target, ErrNewer)
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("compare the schema with the migrations: %w", err)
	}
	if !pending {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the schema: %w", err)
	}
	return nil
}
