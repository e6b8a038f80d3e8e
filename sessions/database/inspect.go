package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

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
