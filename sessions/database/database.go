package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Dialect is the kind of database behind a DB, for the few statements that cannot be the same on both.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Options says how to open a database. The zero value is right for a shop.
type Options struct {
	// Durability is how much a commit waits for the disk, at least. Below [Full], a power failure
	// may take back transactions that were answered with success.
	Durability Durability

	// Logger, if set, is told of statements that fail or take longer than a second, without
	// their parameters.
	Logger *slog.Logger
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	reader  *gorm.DB
	writer  *gorm.DB
	pools   []*sql.DB
}

// Open opens the database at url, a file path (which is made if it does not exist, but not its
// folder) or a postgres:// URL, brings its schema up to date and confirms that commits reach the
// disk, as every later connection does that writes. Errors name the database without its password;
// they are ErrNewer if a later version of the program wrote the schema, ErrNotDurable if commits
// would wait less for the disk than asked, and satisfy IsUnavailable if it may work later.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	return openTo(ctx, url, o, newest)
}

// openTo is Open that brings an older schema up to version only.
func openTo(ctx context.Context, url string, o Options, version int64) (*DB, error) {
	db, err := open(ctx, url, o, embedded, version)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", redacted(url), err)
	}
	return db, nil
}

// open is Open with the migrations to bring the schema up to, as far as version.
func open(ctx context.Context, url string, o Options, migrations fs.FS, version int64) (*DB, error) {
	durability, err := o.Durability.checked()
	if err != nil {
		return nil, err
	}
	db, err := connect(url, durability, o.Logger)
	if err != nil {
		return nil, err
	}
	if err := db.prepare(ctx, migrations, version); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connect makes the pools of the database at url.
func connect(url string, d Durability, log *slog.Logger) (*DB, error) {
	if err := checkURL(url); err != nil {
		return nil, err
	}
	if isPostgres(url) {
		return connectPostgres(url, d, log)
	}
	return connectSQLite(url, d, log)
}

// checkURL refuses what names no database that could be opened.
func checkURL(url string) error {
	switch {
	case isPostgres(url):
		return nil
	case url == "":
		return errors.New("no database is named: give a file path or a postgres:// URL")
	case strings.Contains(url, ":memory:"):
		return errors.New("a database in memory would be lost with every answer it gave: give a file path")
	case strings.HasPrefix(url, "file:"), strings.Contains(url, "://"):
		return errors.New("not a database Cartwright knows: give a plain file path or a postgres:// URL")
	}
	return nil
}

// prepare makes the first connection, which confirms its durability, and brings the schema up to date.
func (db *DB) prepare(ctx context.Context, migrations fs.FS, version int64) error {
	if err := db.pools[0].PingContext(ctx); err != nil {
		return err
	}
	return migrate(ctx, db.dialect, db.pools[0], migrations, version)
}

// Close waits for transactions under way and closes all connections.
func (db *DB) Close() error {
	var errs []error
	// Readers first: the last connection to close is the writer's, which folds SQLite's
	// write-ahead log back into the file.
	for i := len(db.pools) - 1; i >= 0; i-- {
		errs = append(errs, db.pools[i].Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// Dialect is the kind of database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Read is for queries that stand alone: each sees what was committed before it began. Writing
// through it is an error on both databases.
func (db *DB) Read(ctx context.Context) *gorm.DB { return db.reader.WithContext(ctx) }

// Snapshot runs f in a transaction that cannot write, and in which all queries see the database as
// it was when f began. It holds up no writer, but what is deleted meanwhile keeps its space until it
// ends: seconds, not hours.
func (db *DB) Snapshot(ctx context.Context, f func(tx *gorm.DB) error) error {
	view := func(tx *gorm.DB) error {
		// Both databases fix the view at the first query, not at BEGIN.
		var n int64
		if err := tx.Raw("SELECT count(*) FROM goose_db_version").Scan(&n).Error; err != nil {
			return fmt.Errorf("take a snapshot: %w", err)
		}
		return f(tx)
	}
	return db.reader.WithContext(ctx).Transaction(view, db.snapshotOptions())
}

func (db *DB) snapshotOptions() *sql.TxOptions {
	if db.dialect == Postgres {
		return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return &sql.TxOptions{}
}

// attempts is how often Write runs f when PostgreSQL resolves a deadlock or a conflict against it.
const attempts = 5

// Write runs f in one transaction and commits it if f returns nil; an error or a panic of f undoes
// everything. When PostgreSQL asks for it (40001, 40P01), f is run again from the start in a new
// transaction, a few times: it must set its results anew and do nothing outside of the database.
// After an error of the commit itself it is unknown whether it happened. Calling Write inside f
// blocks for ever on SQLite: pass tx on instead.
func (db *DB) Write(ctx context.Context, f func(tx *gorm.DB) error) error {
	var err error
	for range attempts {
		err = db.writer.WithContext(ctx).Transaction(f, db.writeOptions())
		if err == nil || !isConflict(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// writeOptions does not leave the isolation to the server's configuration. SQLite has but one level.
func (db *DB) writeOptions() *sql.TxOptions {
	if db.dialect == Postgres {
		return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	return &sql.TxOptions{}
}

// Lock makes a query take its rows, in its result's order, until the transaction ends: FOR UPDATE on
// PostgreSQL. On SQLite a Write transaction has the whole file already.
func Lock(tx *gorm.DB) *gorm.DB {
	if Dialect(tx.Name()) == Postgres {
		return tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
	}
	return tx
}
