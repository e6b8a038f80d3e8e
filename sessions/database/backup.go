package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"
)

// Backup writes everything that db holds at one moment into a new SQLite file at path, whichever kind
// of database db is, and returns what it wrote. The program may go on writing to db meanwhile. The
// file is on the disk when Backup returns, is readable by its owner alone, and has no companions. The
// schema of db must be this program's. Cost: reads the whole database; what is written to a SQLite
// source meanwhile stays in its write-ahead log until the end.
func Backup(ctx context.Context, db *DB, path string, progress Progress) (counts Counts, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the backup: %w", err)
	}
	if db.dialect == SQLite {
		counts, err = copyPages(ctx, db, path, progress)
	} else {
		counts, err = copyRows(ctx, db, path, progress)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("back up the database: %w", err)
	}
	return counts, nil
}

// checkCurrent refuses a schema that is not this program's.
func checkCurrent(tx *gorm.DB) error {
	version, err := Version(tx)
	if err == nil && version != Known() {
		err = fmt.Errorf("its schema is of version %d, this program's of %d: use the program that wrote it, "+
			"or let this one bring it up to date first", version, Known())
	}
	return err
}

// copyRows makes the file by our migrations and fills it row by row.
func copyRows(ctx context.Context, from *DB, path string, progress Progress) (counts Counts, err error) {
	to, err := Open(ctx, path, Options{Durability: Off}) // Backup waits for the disk at the end
	if err != nil {
		return nil, err
	}
	err = from.Snapshot(ctx, func(source *gorm.DB) error {
		if err := checkCurrent(source); err != nil {
			return err
		}
		return to.Write(ctx, func(target *gorm.DB) error {
			counts, err = replace(source, target, progress)
			return err
		})
	})
	if err := errors.Join(err, to.Close()); err != nil {
		return nil, err
	}
	return counts, withSQLite(ctx, path, leaveWAL)
}

// pagesAtOnce is how many pages are copied before the progress is told: 4 MB.
const pagesAtOnce = 1024

// copyPages lets SQLite copy the file page by page. The transaction around it holds one view of the
// source, so that nobody's commit makes the copy begin anew.
func copyPages(ctx context.Context, from *DB, path string, progress Progress) (counts Counts, err error) {
	err = from.Read(ctx).Connection(func(one *gorm.DB) error {
		conn, ok := one.Statement.ConnPool.(*sql.Conn)
		if !ok {
			return fmt.Errorf("a connection is a %T", one.Statement.ConnPool)
		}
		return one.Transaction(func(tx *gorm.DB) error {
			if err := checkCurrent(tx); err != nil {
				return err
			}
			if counts, err = Count(tx); err != nil {
				return err
			}
			return conn.Raw(func(source any) error {
				return withSQLite(ctx, path, func(target *sqlite3.SQLiteConn) error {
					return copyInto(ctx, source.(*sqlite3.SQLiteConn), target, progress)
				})
			})
		})
	})
	return counts, err
}

func copyInto(ctx context.Context, source, target *sqlite3.SQLiteConn, progress Progress) error {
	copying, err := target.Backup("main", source, "main")
	if err != nil {
		return err
	}
	for done := false; !done && err == nil; {
		if done, err = copying.Step(pagesAtOnce); err == nil {
			all := int64(copying.PageCount())
			progress.tell(all-int64(copying.Remaining()), all)
			err = ctx.Err()
		}
	}
	if err := errors.Join(err, copying.Finish()); err != nil {
		return err
	}
	return leaveWAL(target)
}

// leaveWAL makes a file that stands alone: read-only media and other programs can open it.
func leaveWAL(conn *sqlite3.SQLiteConn) error {
	_, err := conn.Exec("PRAGMA journal_mode = DELETE", nil)
	return err
}

// withSQLite runs f on a connection of its own to the file at path.
func withSQLite(ctx context.Context, path string, f func(*sqlite3.SQLiteConn) error) error {
	pool := sql.OpenDB(sqliteConnector{&sqlite3.SQLiteDriver{}, fileURI(path, nil)})
	conn, err := pool.Conn(ctx)
	if err != nil {
		return errors.Join(err, pool.Close())
	}
	err = conn.Raw(func(c any) error { return f(c.(*sqlite3.SQLiteConn)) })
	return errors.Join(err, conn.Close(), pool.Close())
}
