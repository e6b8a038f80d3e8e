package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

// IsData reports whether err says that values of the statement itself were refused: a constraint, a
// type, a length or a character (PostgreSQL stores no U+0000). The same statement will always fail.
func IsData(err error) bool {
	if fault, ok := errors.AsType[sqlite3.Error](err); ok {
		switch fault.Code {
		case sqlite3.ErrConstraint, sqlite3.ErrMismatch, sqlite3.ErrTooBig, sqlite3.ErrRange:
			return true
		}
		return false
	}
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch class(fault) {
		case "22", // data exception
			"23", // integrity constraint violation
			"54": // program limit exceeded: a row or an index entry is too large
			return true
		}
		return false
	}
	// pgx refuses what does not fit a column's type before it asks the server, with a plain error.
	return err != nil && strings.Contains(err.Error(), "failed to encode args[")
}

// IsUnavailable reports whether err says that the database is away, busy, out of space or could not
// answer in the time given: the same statement may succeed later. It does not say that nothing was
// committed: a connection can break after the server's commit and before its answer.
func IsUnavailable(err error) bool {
	if fault, ok := errors.AsType[sqlite3.Error](err); ok {
		switch fault.Code {
		case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrCantOpen,
			sqlite3.ErrNomem, sqlite3.ErrReadonly, sqlite3.ErrProtocol, sqlite3.ErrPerm, sqlite3.ErrSchema:
			return true
		}
		return false // a file that is corrupt, or no database, stays so
	}
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok {
		return isAway(fault)
	}
	return isBroken(err)
}

// isAway reports whether PostgreSQL itself says that it cannot serve now.
func isAway(fault *pgconn.PgError) bool {
	switch class(fault) {
	case "08", // connection exception
		"40", // transaction rollback: a conflict, a deadlock, an outcome that is not known
		"53", // insufficient resources: disk full, too many connections
		"57", // operator intervention: shutting down, starting up, statement cancelled
		"58": // system error
		return true
	}
	switch fault.Code {
	case "25006", // a read-only server, after a failover
		"25P03", "25P04", // a transaction took too long
		"55006", "55P03": // object in use, lock not available
		return true
	}
	return false
}

// isBroken reports whether the connection, not the database, failed.
func isBroken(err error) bool {
	for _, e := range []error{driver.ErrBadConn, sql.ErrConnDone, io.ErrUnexpectedEOF, io.EOF,
		net.ErrClosed, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return true
		}
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	_, ok := errors.AsType[net.Error](err)
	return ok
}

// isConflict reports whether PostgreSQL undid a transaction in favour of another one
// (serialization failure, deadlock), so that running it again is the remedy.
func isConflict(err error) bool {
	fault, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (fault.Code == "40001" || fault.Code == "40P01")
}

// class is the first two characters of an SQLSTATE, which name its kind.
func class(fault *pgconn.PgError) string {
	if len(fault.Code) < 2 {
		return ""
	}
	return fault.Code[:2]
}
