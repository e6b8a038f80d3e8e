package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"cartwright/sessions/database"
)

// openDatabase opens a shop's database for one command.
func openDatabase(ctx context.Context, url string) (*database.DB, error) {
	return database.Open(ctx, url, database.Options{})
}

// openExisting opens a database that must be there: what only looks at one makes
// none because its name was mistyped.
func openExisting(ctx context.Context, url string) (*database.DB, error) {
	if !strings.Contains(url, "://") {
		if _, err := os.Stat(url); err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
	}
	return openDatabase(ctx, url)
}

// withDatabase runs f on the configured database.
func withDatabase(cmd *cobra.Command, s streams, c *Config, f func(context.Context, *database.DB) error) error {
	if err := configure(cmd, s); err != nil {
		return err
	}
	db, err := openExisting(cmd.Context(), c.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	return f(cmd.Context(), db)
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
