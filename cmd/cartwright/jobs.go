package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cartwright/jobs"
	"cartwright/sessions/database"
)

func jobsCommand(s streams) *cobra.Command {
	var c Config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "jobs",
		Short: "See how the jobs stand; run, pause or resume one",
		Long: `Lists the jobs with their last and next runs, whichever process runs them. Runs and
pauses are asked for in the database, so that this also works from another machine,
and every “serve” on the database obeys within about a second.`,
		Example: `  cartwright jobs
  cartwright jobs runs delivery
  cartwright jobs run detection
  cartwright jobs pause delivery --reason "the shop's endpoint moves"
  cartwright jobs resume delivery`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error {
				list, err := jobs.Table(ctx, db, time.Now())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(s.out, list)
				}
				return printJobs(s.out, list)
			})
		},
	}
	c.databaseFlag(cmd.PersistentFlags())
	cmd.PersistentFlags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	cmd.AddCommand(runJobCommand(s, &c, &asJSON), pauseJobCommand(s, &c), resumeJobCommand(s, &c), jobRunsCommand(s, &c, &asJSON))
	return cmd
}

// oneJob takes the name of one job.
func oneJob(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s takes the name of one job; “cartwright jobs” lists them", c.CommandPath())
	}
	return nil
}

func printJobs(w io.Writer, list []jobs.Status) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "No serve has run on this database yet, so there are no jobs.")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "JOB\tSCHEDULE\tLAST RUN\tRESULT\tNEXT RUN")
	for _, j := range list {
		next := instant(j.Next)
		if j.Paused != nil {
			next = fmt.Sprintf("paused since %s by %s: %s", instant(&j.Paused.Since), j.Paused.Who, j.Paused.Reason)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", j.Name, j.Schedule, instant(j.Started), result(j.Outcome, j.Report, j.Error), next)
	}
	return table.Flush()
}

// instant is a time in a line of a table.
func instant(t *time.Time) string {
	if t == nil {
		return "–"
	}
	return t.UTC().Format(time.DateTime)
}

// result is how a run went, in a line of a table.
func result(outcome string, report jobs.Report, err string) string {
	words := []string{outcome}
	for _, word := range slices.Sorted(maps.Keys(report)) {
		if n := report[word]; n != 0 {
			words = append(words, fmt.Sprintf("%s %d", strings.ReplaceAll(word, "_", " "), n))
		}
	}
	if err != "" {
		words = append(words, err)
	}
	if outcome == "" {
		return "–"
	}
	return strings.Join(words, ", ")
}

func runJobCommand(s streams, c *Config, asJSON *bool) *cobra.Command {
	var reason string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Run a job now, once, and wait for its end",
		Long: `Asks for one run of a job and waits until a “serve” took it up and it ended. While the
job runs already, the run asked for begins after it. A paused job runs this once and
stays paused. The exit code is 1 if the run fails, or if nobody takes it up in time;
the request then stays, for the next “serve” that starts.`,
		Example: "  cartwright jobs run detection --reason \"after the import\"",
		Args:    oneJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDatabase(cmd, s, c, func(ctx context.Context, db *database.DB) error {
				r, err := runJob(ctx, db, jobs.Order{Job: args[0], Who: operator(), Reason: reason}, wait)
				if err != nil {
					return err
				}
				if *asJSON {
					err = printJSON(s.out, r)
				} else {
					_, err = fmt.Fprintf(s.out, "%s: %s\n", args[0], result(r.Outcome, r.Report, r.Error))
				}
				if err == nil && r.Outcome != jobs.OK {
					err = fmt.Errorf("the run of %s %s", args[0], r.Outcome)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	cmd.Flags().DurationVar(&wait, "wait", time.Minute, "how long to wait for the end of the run")
	return cmd
}

// runJob asks for a run and waits until it ended.
func runJob(ctx context.Context, db *database.DB, o jobs.Order, wait time.Duration) (*jobs.Request, error) {
	asked, err := jobs.RequestRun(ctx, db, o, time.Now())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	ticks := time.NewTicker(200 * time.Millisecond)
	defer ticks.Stop()
	last := asked
	for {
		select {
		case <-ctx.Done():
			return nil, unended(last, wait)
		case <-ticks.C:
		}
		r, err := jobs.FindRequest(ctx, db, o.Job)
		switch {
		case ctx.Err() != nil:
			continue
		case err != nil:
			return nil, err
		case r == nil || r.Number != asked.Number:
			return nil, fmt.Errorf("a later request took the place of this one; “cartwright jobs runs %s” shows how runs went", o.Job)
		case r.Ended != nil:
			return r, nil
		}
		last = r
	}
}

// unended says how far a request came that was waited for in vain.
func unended(r *jobs.Request, wait time.Duration) error {
	if r.Begun == nil {
		return fmt.Errorf("nobody took up the request within %s: is “cartwright serve” running on this database? "+
			"The request stays; the next serve takes it up", wait)
	}
	return fmt.Errorf("the run began at %s and did not end within %s", instant(r.Begun), wait)
}

func pauseJobCommand(s streams, c *Config) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "pause NAME",
		Short: "Let a job run no more until it is resumed",
		Long: `Lets no run of a job begin by its schedule, in any process, until “jobs resume”. A run
under way ends as usual. While delivery is paused, triggers are still made, and wait.`,
		Example: "  cartwright jobs pause delivery --reason \"the shop's endpoint moves\"",
		Args:    oneJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(reason) == "" {
				return usage("--reason is missing: say why, for whoever finds the job paused")
			}
			return withDatabase(cmd, s, c, func(ctx context.Context, db *database.DB) error {
				return jobs.PauseJob(ctx, db, jobs.Order{Job: args[0], Who: operator(), Reason: reason}, time.Now())
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for whoever finds the job paused")
	return cmd
}

func resumeJobCommand(s streams, c *Config) *cobra.Command {
	return &cobra.Command{
		Use:     "resume NAME",
		Short:   "End the pause of a job",
		Long:    "Ends the pause of a job. What became due meanwhile is done at its next run.",
		Example: "  cartwright jobs resume delivery",
		Args:    oneJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDatabase(cmd, s, c, func(ctx context.Context, db *database.DB) error {
				return jobs.ResumeJob(ctx, db, args[0])
			})
		},
	}
}

func jobRunsCommand(s streams, c *Config, asJSON *bool) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "runs NAME",
		Short: "List the last runs of a job",
		Long: `Lists the runs of a job that did something, failed, went otherwise than the run
before, or were asked for, the newest first.`,
		Example: "  cartwright jobs runs delivery --limit 5",
		Args:    oneJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return usage("--limit takes a number from 1 on")
			}
			return withDatabase(cmd, s, c, func(ctx context.Context, db *database.DB) error {
				runs, err := jobs.Runs(ctx, db, args[0], 0, limit)
				if err != nil {
					return err
				}
				if *asJSON {
					return printJSON(s.out, runs)
				}
				return printRuns(s.out, runs)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many")
	return cmd
}

func printRuns(w io.Writer, runs []jobs.Run) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BEGAN\tTOOK\tRESULT")
	for _, r := range runs {
		began := r.Started.Time()
		fmt.Fprintf(table, "%s\t%s\t%s\n", instant(&began), r.Ended.Time().Sub(began), result(r.Outcome, r.Report, r.Error))
	}
	return table.Flush()
}
