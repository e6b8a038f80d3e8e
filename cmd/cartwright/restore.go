package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"gorm.io/gorm"

	"cartwright/jobs"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func restoreCommand(s streams) *cobra.Command {
	var c Config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make a database of a backup",
		Long: `Fills a new database with what a backup holds: a file that is not there yet, or an
empty database on PostgreSQL, wherever the backup came from. Nothing is ever
overwritten.

Whatever the shop and its customers were told since the backup was made, the backup
does not know of. So that nobody is told again what they were told already, delivery
and mails are paused afterwards: look at what is waiting, and end the pauses with
“cartwright jobs resume delivery” and “cartwright jobs resume mail”.`,
		Example: `  cartwright restore shop-2026-01-31.backup --db shop.db
  cartwright restore shop.backup --db postgres://shop@db.example/cartwright`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := configure(cmd, s); err != nil {
				return err
			}
			done, err := restore(cmd.Context(), args[0], c, s)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.out, done)
			}
			_, err = fmt.Fprintf(s.out, "Restored %s rows up to event %s, checked, in %.1f s.\n"+
				"Delivery and mails are paused: triggers are made, but not sent. To send them, and what waits since then, with the same --db:\n  %s\n",
				thousands(done.Rows), thousands(int64(done.Head)), done.Seconds, done.Resume)
			return err
		},
	}
	c.databaseFlag(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// A Restored is what “cartwright restore” prints.
type Restored struct {
	Backup
	Paused []string `json:"paused"` // jobs
	Resume string   `json:"resume"` // the commands that end the pauses
}

// restore fills the configured database from a backup and checks the outcome.
func restore(ctx context.Context, path string, c Config, s streams) (Restored, error) {
	began := time.Now()
	if shared, err := database.Shared(path, c.Database); err != nil {
		return Restored{}, err
	} else if shared != "" {
		return Restored{}, fmt.Errorf("the backup and the database to be made of it have %s in common: name another --db", shared)
	}
	from, err := database.Inspect(ctx, path, database.Options{})
	if err != nil {
		return Restored{}, err
	}
	defer from.Close()
	if err := from.Sound(ctx); err != nil {
		return Restored{}, fmt.Errorf("the backup %s is damaged: %w", path, err)
	}
	pause := jobs.Order{Who: operator(), Reason: "restored from a backup at " +
		began.UTC().Format(time.RFC3339) + ": what was sent after the backup is not known to it"}
	counts, err := database.Restore(ctx, from, c.Database, c.options(), newProgress(s, "restoring", "rows"), func(tx *gorm.DB) error {
		for _, pause.Job = range sendingJobs() {
			if err := jobs.PauseIn(tx, pause, began); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Restored{}, err
	}
	head, err := checkRestored(ctx, c)
	if err != nil {
		return Restored{}, fmt.Errorf("it was restored, but: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return Restored{}, err
	}
	return Restored{
		Backup: Backup{File: path, Bytes: info.Size(), Schema: database.Known(), Head: head, Tables: len(counts),
			Rows: counts.Rows(), Seconds: time.Since(began).Seconds()},
		Paused: sendingJobs(), Resume: "cartwright jobs resume " + strings.Join(sendingJobs(), " && cartwright jobs resume "),
	}, nil
}

// sendingJobs are the jobs that tell anybody anything.
func sendingJobs() []string { return []string{jobs.DeliveryJob, jobs.MailJob} }

// checkRestored builds everything again from the restored log and compares it.
func checkRestored(ctx context.Context, c Config) (sessions.Seq, error) {
	db, err := database.Inspect(ctx, c.Database, database.Options{})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	v, err := sessions.Verify(ctx, db, projections(db))
	if err == nil && len(v.Differences) > 0 {
		err = fmt.Errorf("its projections differ from its log, as those of the backup do: “cartwright replay” builds them again")
	}
	return v.Head, err
}

// operator is who gives a command, as the system knows them.
func operator() string {
	name := "unknown"
	if account, err := user.Current(); err == nil {
		name = account.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}
