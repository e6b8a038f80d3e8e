package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// A Backup is what “cartwright backup” and “restore” print.
type Backup struct {
	File    string       `json:"file"`
	Bytes   int64        `json:"bytes"`
	Schema  int64        `json:"schema_version"`
	Head    sessions.Seq `json:"head"` // the last event
	Tables  int          `json:"tables"`
	Rows    int64        `json:"rows"`
	Seconds float64      `json:"seconds"`
}

func backupCommand(s streams) *cobra.Command {
	var c Config
	var force, asJSON bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the database into a file, also beside a running serve",
		Long: `Copies everything, as it is at one moment, into one SQLite file: also from
PostgreSQL, and also while “serve” runs. The file is opened and checked before it gets
its name: it is sound, all rows are there, and its sessions, carts and everything else
agree with its log. Nobody but its owner may read it; it holds the shop's data and the
signing secrets of its webhooks. “cartwright restore” makes a database of it again.`,
		Example: `  cartwright backup shop-2026-01-31.backup
  cartwright backup --db postgres://shop@db.example/cartwright --force nightly.backup`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := configure(cmd, s); err != nil {
				return err
			}
			done, err := backup(cmd.Context(), c.Database, args[0], force, s)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.out, done)
			}
			_, err = fmt.Fprintf(s.out, "%s: %s rows up to event %s, %s bytes, checked, in %.1f s.\n",
				done.File, thousands(done.Rows), thousands(int64(done.Head)), thousands(done.Bytes), done.Seconds)
			return err
		},
	}
	c.databaseFlag(cmd.Flags())
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE if it is there already")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// oneFile takes the name of one file.
func oneFile(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s takes the name of one file", c.CommandPath())
	}
	return nil
}

// backup writes a checked backup of a database to path.
func backup(ctx context.Context, url, path string, force bool, s streams) (done Backup, err error) {
	began := time.Now()
	if err := checkPlace(url, path, force); err != nil {
		return Backup{}, err
	}
	db, err := database.Inspect(ctx, url, database.Options{})
	if err != nil {
		return Backup{}, err
	}
	defer db.Close()
	// Beside the file, because only there can it be renamed into its place.
	folder, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return Backup{}, fmt.Errorf("make a place beside the backup: %w", err)
	}
	defer os.RemoveAll(folder)
	unfinished := filepath.Join(folder, "backup.db")
	counts, err := database.Backup(ctx, db, unfinished, newProgress(s, "copying", ""))
	if err != nil {
		return Backup{}, err
	}
	done, differences, err := checkBackup(ctx, unfinished, counts)
	if err != nil {
		return Backup{}, fmt.Errorf("the copy is not what it should be, and is thrown away: %w", err)
	}
	if err := keep(unfinished, url, path, force); err != nil {
		return Backup{}, fmt.Errorf("give the backup its name: %w", err)
	}
	if len(differences) > 0 {
		// A true copy of what is wrong: better than none before it is mended.
		return Backup{}, fmt.Errorf("%s is a true copy, but the projections in it and in the database differ from the log: "+
			"“cartwright replay” builds them again\n%s", path, strings.Join(differences, "\n"))
	}
	done.File, done.Seconds = path, time.Since(began).Seconds()
	return done, nil
}

// keep gives a finished backup of the database at url its name, for good.
func keep(unfinished, url, path string, force bool) error {
	if err := checkPlace(url, path, force); err != nil {
		return err
	}
	if err := os.Rename(unfinished, path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// checkPlace refuses a place at which a backup of the database at url would take another's: nobody may
// force it into that of the database itself.
func checkPlace(url, path string, force bool) error {
	if shared, err := database.Shared(url, path); err != nil {
		return err
	} else if shared != "" {
		return fmt.Errorf("%s would take the place of %s, which belongs to the database itself: name another file", path, shared)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder: name a file", path)
	case !force:
		return fmt.Errorf("%s is there already: name another file, or give --force to replace it", path)
	}
	return nil
}

// checkBackup opens a backup and compares it with what was copied, and with itself: an error if it is
// no true copy, differences if it is one of projections that are wrong.
func checkBackup(ctx context.Context, path string, copied database.Counts) (done Backup, differences []string, err error) {
	db, err := database.Inspect(ctx, path, database.Options{})
	if err != nil {
		return Backup{}, nil, err
	}
	defer db.Close()
	if err := db.Sound(ctx); err != nil {
		return Backup{}, nil, err
	}
	counts, err := database.Count(db.Read(ctx))
	if err != nil {
		return Backup{}, nil, err
	}
	if difference := copied.Differ(counts); difference != "" {
		return Backup{}, nil, errors.New(difference)
	}
	v, err := sessions.Verify(ctx, db, projections(db))
	if err != nil {
		return Backup{}, nil, err
	}
	if int64(v.Head) != counts["events"] {
		return Backup{}, nil, fmt.Errorf("its log ends at %d and has %d events", v.Head, counts["events"])
	}
	done, err = describeBackup(ctx, db, path, v.Head, counts)
	return done, v.Differences, err
}

func describeBackup(ctx context.Context, db *database.DB, path string, head sessions.Seq, counts database.Counts) (Backup, error) {
	version, err := database.Version(db.Read(ctx))
	if err != nil {
		return Backup{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Backup{}, err
	}
	return Backup{Bytes: info.Size(), Schema: version, Head: head, Tables: len(counts), Rows: counts.Rows()}, nil
}

// newProgress shows on a terminal how much of something is done.
func newProgress(s streams, what, unit string) database.Progress {
	bar := newBar(s.err, what, unit)
	return func(done, of int64) {
		bar.ChangeMax64(of)
		_ = bar.Set64(done) // a broken terminal is no reason to stop
	}
}
