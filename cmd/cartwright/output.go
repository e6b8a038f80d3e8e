package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// options are how the shop's database is opened.
func (c Config) options() database.Options { return database.Options{Durability: c.Durability} }

// openDatabase opens the shop's database; a nil logger is told nothing.
func (c Config) openDatabase(ctx context.Context, log *slog.Logger) (*database.DB, error) {
	o := c.options()
	o.Logger = log
	return database.Open(ctx, c.Database, o)
}

// openExisting opens a database that must be there: none is made because its name was
// mistyped.
func (c Config) openExisting(ctx context.Context) (*database.DB, error) {
	if !strings.Contains(c.Database, "://") {
		if _, err := os.Stat(c.Database); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no database %s: name the shop's with --db, or let “cartwright serve” make one", c.Database)
		} else if err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
	}
	return c.openDatabase(ctx, nil)
}

// withDatabase runs f on the configured database.
func withDatabase(cmd *cobra.Command, s streams, c *Config, f func(context.Context, *database.DB) error) error {
	if err := configure(cmd, s); err != nil {
		return err
	}
	db, err := c.openExisting(cmd.Context())
	if err != nil {
		return err
	}
	defer db.Close()
	return f(cmd.Context(), db)
}

// withLog opens the log of a database as a command does that comes and goes, runs f,
// and closes it.
func withLog(ctx context.Context, db *database.DB, f func(*sessions.Log) error) error {
	log, err := sessions.OpenLog(ctx, db, sessions.LogOptions{Projections: projections(db)})
	if err != nil {
		return err
	}
	defer log.Close()
	return f(log)
}

// printJSON writes exactly one JSON value and a line end.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}

// newBar returns a progress bar with a rate, invisible unless w is a terminal.
func newBar(w io.Writer, what, unit string) *progressbar.ProgressBar {
	file, isFile := w.(*os.File)
	return progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetVisibility(isFile && term.IsTerminal(int(file.Fd()))),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetItsString(unit),
		progressbar.OptionShowIts(),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
}
