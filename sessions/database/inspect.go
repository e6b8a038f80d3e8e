package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"
)

// Inspect opens the existing database at url for looking only: nothing of it is made, migrated or
// written, and writing through it is an error. Its schema may be older than this program's, also
// empty, but not newer: [ErrNewer].
func Inspect(ctx context.Context, url string, o Options) (*DB, error) {
	db, err := connectReading(url, o)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", redacted(url), err)
	}
	version, err := Version(db.Read(ctx))
	if err == nil && version > Known() {
		err = newer(version, Known())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", redacted(url), err), db.Close())
	}
	return db, nil
}

// connectReading makes one pool, for reading, which stands also where a writer would.
func connectReading(url string, o Options) (db *DB, err error) {
	if err := checkURL(url); err != nil {
		return nil, err
	}
	db = &DB{dialect: SQLite}
	if isPostgres(url) {
		db.dialect = Postgres
		var config *pgx.ConnConfig
		if config, err = postgresConfig(url, Full); err == nil {
			config.RuntimeParams["default_transaction_read_only"] = "on"
			db.reader, err = db.addPostgres(config, postgresReaders, confirmPostgres(Off), o.Logger)
		}
	} else {
		var dsn string
		if dsn, err = existingDSN(url); err == nil {
			db.reader, err = db.addSQLite(dsn, 2, nil, o.Logger)
		}
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.writer = db.reader
	return db, nil
}

// existingDSN names a file that is there for connections that cannot change it.
func existingDSN(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the folder we are in: %w", err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "", errors.New("this is a folder, not a database")
	}
	return fileURI(path, url.Values{
		"mode":          {"ro"},
		"_synchronous":  {strconv.Itoa(synchronous(Full))}, // for Durable to read back: nothing is written
		"_busy_timeout": {strconv.Itoa(busyTimeout)},
	}), nil
}

// Quick asks SQLite whether the file is sound, indexes aside: nil, or what is damaged. PostgreSQL
// looks after its pages itself. Cost: reads the whole file.
func (db *DB) Quick(ctx context.Context) error { return db.check(ctx, "PRAGMA quick_check(5)") }

// Sound is [DB.Quick] with the indexes. Cost: some times as much.
func (db *DB) Sound(ctx context.Context) error { return db.check(ctx, "PRAGMA integrity_check(5)") }

func (db *DB) check(ctx context.Context, pragma string) error {
	if db.dialect == Postgres {
		return nil
	}
	var said []string
	err := db.Read(ctx).Raw(pragma).Scan(&said).Error
	if err == nil && (len(said) != 1 || said[0] != "ok") {
		err = fmt.Errorf("SQLite says: %q", said)
	}
	if err != nil {
		return fmt.Errorf("check the file: %w", err)
	}
	return nil
}

// Durable reads back whether commits of this program on the database reach the disk before they are
// answered: [ErrNotDurable] if not.
func (db *DB) Durable(ctx context.Context) error {
	return db.Read(ctx).Connection(func(one *gorm.DB) error {
		conn, ok := one.Statement.ConnPool.(*sql.Conn)
		if !ok {
			return fmt.Errorf("a connection is a %T", one.Statement.ConnPool)
		}
		return conn.Raw(func(c any) error {
			switch c := c.(type) {
			case *stdlib.Conn:
				return confirmPostgres(Full)(ctx, c.Conn())
			case *sqlite3.SQLiteConn:
				return confirmSQLite(Full)(c)
			}
			return fmt.Errorf("a connection is a %T", c)
		})
	})
}

// Size is how many bytes the database takes on its disk.
func (db *DB) Size(ctx context.Context) (n int64, err error) {
	query := "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
	if db.dialect == Postgres {
		query = "SELECT pg_database_size(current_database())"
	}
	if err := db.Read(ctx).Raw(query).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("measure the database: %w", err)
	}
	return n, nil
}

// syncs is how often SyncTime waits for the disk.
const syncs = 5

// SyncTime is how long a commit waits for the disk, at the median, without changing the database: of a
// SQLite file, the sync of another file beside it, which it removes again; of PostgreSQL, the commit of
// a message that nobody listens to.
func (db *DB) SyncTime(ctx context.Context) (time.Duration, error) {
	wait, end := db.syncPostgres(ctx), func() error { return nil }
	if db.dialect == SQLite {
		var err error
		if wait, end, err = db.syncBeside(ctx); err != nil {
			return 0, fmt.Errorf("wait for the disk: %w", err)
		}
	}
	var took []time.Duration
	var err error
	for len(took) < syncs && err == nil {
		began := time.Now()
		err = wait()
		took = append(took, time.Since(began))
	}
	if err := errors.Join(err, end()); err != nil {
		return 0, fmt.Errorf("wait for the disk: %w", err)
	}
	slices.Sort(took)
	return took[syncs/2], nil
}

func (db *DB) syncPostgres(ctx context.Context) func() error {
	return func() error {
		return db.Read(ctx).Exec("SELECT pg_logical_emit_message(true, 'cartwright doctor', '')").Error
	}
}

// syncBeside makes a file beside the database, which wait writes and syncs, and end removes.
func (db *DB) syncBeside(ctx context.Context) (wait, end func() error, err error) {
	var path string
	if err := db.Read(ctx).Raw("SELECT file FROM pragma_database_list() WHERE name = 'main'").Scan(&path).Error; err != nil {
		return nil, nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".cartwright-doctor-")
	if err != nil {
		return nil, nil, err
	}
	wait = func() error {
		if _, err := f.WriteAt(make([]byte, 4096), 0); err != nil {
			return err
		}
		return f.Sync()
	}
	return wait, func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }, nil
}
