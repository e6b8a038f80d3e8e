package database_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"cartwright/sessions/database"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

// The kinds of errors.
const (
	refused = "data"
	away    = "unavailable"
	mistake = "neither"
)

func kindOf(err error) string {
	switch data, unavailable := database.IsData(err), database.IsUnavailable(err); {
	case data && unavailable:
		return "both"
	case data:
		return refused
	case unavailable:
		return away
	}
	return mistake
}

func TestKindsOfSQLiteErrors(t *testing.T) {
	for code, want := range map[sqlite3.ErrNo]string{
		sqlite3.ErrConstraint: refused, sqlite3.ErrMismatch: refused, sqlite3.ErrTooBig: refused, sqlite3.ErrRange: refused,
		sqlite3.ErrBusy: away, sqlite3.ErrLocked: away, sqlite3.ErrFull: away, sqlite3.ErrIoErr: away, sqlite3.ErrCantOpen: away,
		sqlite3.ErrNomem: away, sqlite3.ErrReadonly: away, sqlite3.ErrProtocol: away, sqlite3.ErrPerm: away, sqlite3.ErrSchema: away,
		sqlite3.ErrCorrupt: mistake, sqlite3.ErrNotADB: mistake, sqlite3.ErrError: mistake, sqlite3.ErrInternal: mistake,
		sqlite3.ErrMisuse: mistake, sqlite3.ErrAuth: mistake,
	} {
		err := fmt.Errorf("append: %w", sqlite3.Error{Code: code})
		if got := kindOf(err); got != want {
			t.Errorf("%v (%d) is %s, want %s", err, code, got, want)
		}
	}
}

func TestKindsOfPostgresErrors(t *testing.T) {
	for code, want := range map[string]string{
		"22021": refused, "22003": refused, "22P02": refused, "22P05": refused, "23502": refused, "23505": refused,
		"23503": refused, "23514": refused, "54000": refused,
		"08000": away, "08001": away, "08003": away, "08004": away, "08006": away, "08P01": away,
		"25006": away, "25P03": away, "25P04": away,
		"40001": away, "40003": away, "40P01": away,
		"53000": away, "53100": away, "53200": away, "53300": away, "53400": away,
		"55006": away, "55P03": away,
		"57014": away, "57P01": away, "57P02": away, "57P03": away, "57P05": away, "58000": away, "58030": away,
		"28P01": mistake, "3D000": mistake, "42601": mistake, "42703": mistake, "42P01": mistake, "42501": mistake,
		"25P02": mistake, "XX000": mistake, "XX001": mistake, "": mistake, "5": mistake,
	} {
		err := fmt.Errorf("append: %w", &pgconn.PgError{Code: code})
		if got := kindOf(err); got != want {
			t.Errorf("%q is %s, want %s", code, got, want)
		}
	}
}

func TestKindsOfConnectionErrors(t *testing.T) {
	for _, err := range []error{
		driver.ErrBadConn, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.DeadlineExceeded,
		&net.OpError{Op: "dial", Net: "unix", Err: syscall.ECONNREFUSED}, &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE},
	} {
		if got := kindOf(fmt.Errorf("append: %w", err)); got != away {
			t.Errorf("%v is %s, want %s", err, got, away)
		}
	}
	for _, err := range []error{nil, context.Canceled, errors.New("a mistake"), database.ErrNotDurable, database.ErrNewer} {
		if got := kindOf(err); got != mistake {
			t.Errorf("%v is %s, want %s", err, got, mistake)
		}
	}
}
