package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

func replayCommand(s streams) *cobra.Command {
	var c Config
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Build all projections again from the log",
		Long: `Drops visitors, sessions, carts, orders, decisions, triggers and the catalog, and
builds them again from the log of events, in one transaction: either all of it
happens or nothing. The log itself is only read. The rows are the same as before,
byte for byte, unless something was wrong with them; “cartwright verify” tells.`,
		Example: "  cartwright replay --db shop.db",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error { return replay(ctx, db, s) })
		},
	}
	c.databaseFlag(cmd.Flags())
	return cmd
}

func replay(ctx context.Context, db *database.DB, s streams) error {
	began := time.Now()
	bar := newBar(s.err, "replaying", "events")
	head, err := sessions.Replay(ctx, db, projections(db), func(done, of sessions.Seq) {
		bar.ChangeMax64(int64(of))
		_ = bar.Set64(int64(done)) // a broken terminal is no reason to stop
	})
	if err != nil {
		return err
	}
	_ = bar.Finish()
	_, err = fmt.Fprintf(s.out, "Replayed %d events in %s.\n", head.Seq, time.Since(began).Round(time.Millisecond))
	return err
}

func verifyCommand(s streams) *cobra.Command {
	var c Config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare all projections with the log",
		Long: `Builds all projections from the log in a scratch file and compares them, row by
row, with those in the database. It may run beside a running “serve”. If rows
differ, the first of them are named and the exit code is 1.`,
		Example: "  cartwright verify --db postgres://shop@db.example/cartwright",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error { return verify(ctx, db, s, asJSON) })
		},
	}
	c.databaseFlag(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

func verify(ctx context.Context, db *database.DB, s streams, asJSON bool) error {
	v, err := sessions.Verify(ctx, db, projections(db))
	if err != nil {
		return err
	}
	if err := printVerification(s, v, asJSON); err != nil {
		return err
	}
	if len(v.Differences) > 0 {
		return fmt.Errorf("the projections differ from the log; “cartwright replay” builds them again")
	}
	return nil
}

func printVerification(s streams, v sessions.Verification, asJSON bool) error {
	if asJSON {
		return printJSON(s.out, v)
	}
	for _, d := range v.Differences {
		if _, err := fmt.Fprintln(s.out, d); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(s.out, "%d rows compared with the log of %d events (sessions up to %d): %d differences.\n",
		v.Rows, v.Head, v.Cursor, len(v.Differences))
	return err
}
