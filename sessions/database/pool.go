package database

import (
	"database/sql"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// addSQLite adds a pool of at most n connections. Idle ones are kept: making one costs a dozen
// pragmas and an empty page cache.
func (db *DB) addSQLite(dsn string, n int, log *slog.Logger) (*gorm.DB, error) {
	pool, err := sql.Open(sqlite.DriverName, dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	db.pools = append(db.pools, pool)
	return gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), settings(log))
}

// addPostgres adds a pool of at most n connections. Idle ones are closed after some minutes, so that
// a quiet replica does not hold a server's few places.
func (db *DB) addPostgres(config *pgx.ConnConfig, n int, log *slog.Logger) (*gorm.DB, error) {
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db.pools = append(db.pools, pool)
	return gorm.Open(postgres.New(postgres.Config{Conn: pool}), settings(log))
}

// settings are gorm's for both databases. Transactions are ours to begin, so gorm begins none. Prepared
// statements are kept by the drivers, for each connection: gorm's own cache is no quicker on top of
// that, hands one caller's cancellation to others waiting for the same statement, and keeps a
// goroutine after Close.
func settings(log *slog.Logger) *gorm.Config {
	c := &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,
	}
	if log != nil {
		c.Logger = logger.NewSlogLogger(log, logger.Config{
			LogLevel:                  logger.Warn,
			SlowThreshold:             time.Second,
			ParameterizedQueries:      true,
			IgnoreRecordNotFoundError: true,
		})
	}
	return c
}
