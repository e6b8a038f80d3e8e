package database

import (
	"context"
	"database/sql"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/mattn/go-sqlite3"
)

// OpenAt is Open with migrations other than the embedded ones.
func OpenAt(ctx context.Context, url string, o Options, migrations fs.FS) (*DB, error) {
	return open(ctx, url, o, migrations, newest)
}

// Migrations are the embedded ones.
func Migrations() fs.FS { return embedded }

// ConfirmDurable reports, as an error, that commits on db are less durable than FULL.
func ConfirmDurable(ctx context.Context, db *DB) error {
	conn, err := db.pools[0].Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		if c, ok := c.(*sqlite3.SQLiteConn); ok {
			return confirmSQLite(Full)(c)
		}
		return confirmPostgres(Full)(ctx, c.(*stdlib.Conn).Conn())
	})
}

// Writers is the pool that writes.
func Writers(db *DB) *sql.DB { return db.pools[0] }

// Redacted is url as messages show it.
func Redacted(url string) string { return redacted(url) }
