package database

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"time"

	"gorm.io/gorm/logger"
)

// slowStatement is how long a statement takes that is worth a warning.
const slowStatement = time.Second

// telling is a logger of statements that failed or took long, without their values, which may be
// anybody's. Nobody wants to know of those that ended with the client or the program that asked: that
// is no fault of the database.
type telling struct {
	logger.Interface
	values *regexp.Regexp // what gorm put into a statement: numbers, and texts in the quotes of the dialect
}

func newTelling(d Dialect, log *slog.Logger) telling {
	values := regexp.MustCompile(`"(?:[^"]|"")*"|\b[0-9]+(?:\.[0-9]+)?\b`)
	if d == Postgres { // names stand in double quotes there
		values = regexp.MustCompile(`'(?:[^']|'')*'|\b[0-9]+(?:\.[0-9]+)?\b`)
	}
	return telling{values: values, Interface: logger.NewSlogLogger(log, logger.Config{
		LogLevel: logger.Warn, SlowThreshold: slowStatement, ParameterizedQueries: true, IgnoreRecordNotFoundError: true,
	})}
}

// LogMode returns the logger at another level.
func (t telling) LogMode(level logger.LogLevel) logger.Interface {
	return telling{t.Interface.LogMode(level), t.values}
}

// Trace takes note of a statement. What is not told is not put into words either.
func (t telling) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	if errors.Is(err, context.Canceled) || err == nil && time.Since(begin) < slowStatement {
		return
	}
	t.Interface.Trace(ctx, begin, func() (string, int64) {
		text, rows := statement()
		return t.values.ReplaceAllLiteralString(text, "?"), rows
	}, err)
}

// ParamsFilter keeps values out of a statement before gorm puts them in, as it does everywhere but where
// a raw query is scanned.
func (telling) ParamsFilter(_ context.Context, statement string, _ ...any) (string, []any) {
	return statement, nil
}
