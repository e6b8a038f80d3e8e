package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gorm.io/gorm"
)

// ErrNotEmpty means that a database holds something that would be lost.
var ErrNotEmpty = errors.New("the database is not empty")

// Restore fills the database at url, which must be new or as empty as its schema is made, with
// everything that from holds, and brings its schema up to date. Nobody's lease is held in it. What f
// adds, if it is not nil, is there from the beginning: all of it is one transaction, and a restore
// that fails leaves nothing behind but an empty schema. A file is its owner's alone before anything is
// in it, whoever could read it while it was empty. The error is [ErrNotEmpty] if something would
// be lost.
func Restore(ctx context.Context, from *DB, url string, o Options, progress Progress, f func(tx *gorm.DB) error) (counts Counts, err error) {
	version, err := Version(from.Read(ctx))
	if err != nil {
		return nil, err
	}
	if version == 0 {
		return nil, errors.New("what is to be restored is no database of Cartwright's")
	}
	empty, err := emptyCounts(ctx, version)
	if err != nil {
		return nil, err
	}
	to, err := openTo(ctx, url, o, version)
	if err != nil {
		return nil, err
	}
	err = from.Snapshot(ctx, func(source *gorm.DB) error {
		return to.Write(ctx, func(target *gorm.DB) error {
			if err := checkEmpty(target, empty, version); err != nil {
				return err
			}
			if err := shut(url); err != nil {
				return err
			}
			if counts, err = fill(source, target, progress); err != nil || f == nil {
				return err
			}
			return f(target)
		})
	})
	if err := errors.Join(err, to.Close()); err != nil {
		return nil, fmt.Errorf("restore into %s: %w", redacted(url), err)
	}
	return counts, migrateRestored(ctx, url, o)
}

// emptyCounts counts what a schema is made with.
func emptyCounts(ctx context.Context, version int64) (counts Counts, err error) {
	dir, err := os.MkdirTemp("", "cartwright-empty-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := openTo(ctx, filepath.Join(dir, "empty.db"), Options{Durability: Off}, version)
	if err != nil {
		return nil, err
	}
	counts, err = Count(db.Read(ctx))
	return counts, errors.Join(err, db.Close())
}

func checkEmpty(target *gorm.DB, empty Counts, version int64) error {
	has, err := Version(target)
	if err != nil {
		return err
	}
	if has != version {
		return fmt.Errorf("%w: its schema is of version %d already, the backup's of %d", ErrNotEmpty, has, version)
	}
	counts, err := Count(target)
	if err != nil {
		return err
	}
	if difference := empty.Differ(counts); difference != "" {
		return fmt.Errorf("%w: %s", ErrNotEmpty, difference)
	}
	return nil
}

func fill(source, target *gorm.DB, progress Progress) (Counts, error) {
	counts, err := replace(source, target, progress)
	if err != nil {
		return nil, err
	}
	// Tokens go on rising; who held them is another machine, or another time.
	if err := target.Exec("UPDATE leases SET expires_at = 0").Error; err != nil {
		return nil, fmt.Errorf("release the leases: %w", err)
	}
	return counts, nil
}

// migrateRestored brings a restored database to this program's schema.
func migrateRestored(ctx context.Context, url string, o Options) error {
	db, err := Open(ctx, url, o)
	if err != nil {
		return err
	}
	return db.Close()
}
