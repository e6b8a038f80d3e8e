package database

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
)

// ErrNewer means that a later version of the program has changed the schema: this one would
// misunderstand it.
var ErrNewer = errors.New("the database was written by a newer version of Cartwright: use that one or a later one")

// embedded holds the migrations: a folder for each dialect, whose files are numbered alike.
//
//go:embed migrations
var embedded embed.FS

// newest stands for the last migration there is.
const newest int64 = math.MaxInt64

// migrate brings the schema up to version, or the last of the migrations that files holds in the
// dialect's folder if that is lower. A schema beyond version stays as it is.
func migrate(ctx context.Context, dialect Dialect, writer *sql.DB, files fs.FS, version int64) error {
	steps, err := fs.Sub(files, "migrations/"+string(dialect))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	provider, err := goose.NewProvider(gooseDialect(dialect), writer, steps,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	return migrateUp(ctx, provider, version)
}

func gooseDialect(d Dialect) goose.Dialect {
	if d == Postgres {
		return goose.DialectPostgres
	}
	return goose.DialectSQLite3
}

// migrateUp runs what is pending. Several processes may start on one new database: each migration is
// a transaction, so all but one lose the race for it, and find its work on looking again.
func migrateUp(ctx context.Context, provider *goose.Provider, version int64) error {
	const tries = 10
	last := int64(-1)
	for try := 1; ; try++ {
		current, err := migrateOnce(ctx, provider, version)
		if current > last {
			last, try = current, 1 // others get on with it
		}
		if err == nil || errors.Is(err, ErrNewer) || try == tries || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(try) * 20 * time.Millisecond):
		}
	}
}

// migrateOnce runs what is pending, and returns the version that it found.
func migrateOnce(ctx context.Context, provider *goose.Provider, version int64) (current int64, err error) {
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return current, fmt.Errorf("read the schema's version: %w", err)
	}
	if current > target {
		return current, newer(current, target)
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return current, fmt.Errorf("compare the schema with the migrations: %w", err)
	}
	if !pending || current >= version {
		return current, nil
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return current, fmt.Errorf("migrate the schema: %w", err)
	}
	return current, nil
}

// newer says which versions do not fit.
func newer(current, known int64) error {
	return fmt.Errorf("schema version %d, known up to %d: %w", current, known, ErrNewer)
}

// Known is the schema version that this program brings a database to.
func Known() int64 {
	names, _ := fs.Glob(embedded, "migrations/"+string(SQLite)+"/*.sql") // the pattern is well-formed
	var last int64
	for _, name := range names {
		if n, err := goose.NumericComponent(name); err == nil {
			last = max(last, n)
		}
	}
	return last
}

// Version is the schema version of the database as tx sees it, 0 if it has no schema of ours.
func Version(tx *gorm.DB) (int64, error) {
	there := "SELECT count(*) FROM sqlite_schema WHERE name = ?"
	if Dialect(tx.Name()) == Postgres {
		there = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = ?"
	}
	var tables int64
	if err := tx.Raw(there, versions).Scan(&tables).Error; err != nil {
		return 0, fmt.Errorf("look for a schema: %w", err)
	}
	if tables == 0 {
		return 0, nil
	}
	var version *int64
	if err := tx.Raw("SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&version).Error; err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	if version == nil {
		return 0, nil
	}
	return *version, nil
}
