package database

import (
	"context"
	"io/fs"
)

// OpenAt is Open with migrations other than the embedded ones.
func OpenAt(ctx context.Context, url string, o Options, migrations fs.FS) (*DB, error) {
	return open(ctx, url, o, migrations)
}

// Migrations are the embedded ones.
func Migrations() fs.FS { return embedded }

// ConfirmDurable reports, as an error, that commits on db are less durable than FULL.
func ConfirmDurable(ctx context.Context, db *DB) error { return db.confirm(ctx, durabilityFull) }

// Redacted is url as messages show it.
func Redacted(url string) string { return redacted(url) }
