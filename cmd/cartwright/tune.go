package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"gorm.io/gorm"

	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// tuneOptions say what is learned from, or what is put back.
type tuneOptions struct {
	last    string
	restore string
	list    bool
	json    bool
}

// time is what --last says, 0 if it says nothing.
func (o tuneOptions) time() (time.Duration, error) {
	if o.last == "" {
		return 0, nil
	}
	return parseDays(o.last)
}

func tuneCommand(s streams) *cobra.Command {
	var c Config
	o := tuneOptions{}
	cmd := &cobra.Command{
		Use:   "tune",
		Short: "Learn from the shop's own sessions how to rank recommendations",
		Long: `Recommendations are ranked by weights that were learned on other shops. This learns
those of yours. The sessions of the last two weeks, or the newest quarter of all if that
is less, are split by time: the earlier two thirds teach, knowing what was before, and
the last third, which the weights have not seen, says how good they are. They are kept
only if what came next then stands higher than with the weights in use, and no more than
a hundredth of the hits is lost. With less than a thousand steps to learn from nothing
changes.

Weights that are kept stand in the log: a running “serve”, and every replica, ranks by
them within a second, backups have them, and --list shows all there were. --restore puts
one of them back, or “default” those that Cartwright came with.`,
		Example: `  cartwright tune
  cartwright tune --last 36h
  cartwright tune --list
  cartwright tune --restore default`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			last, err := o.time()
			if err != nil {
				return usage("--last %v", err)
			}
			if o.list && o.restore != "" {
				return usage("--list and --restore are two different things to do")
			}
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error {
				if o.list {
					return listTunings(ctx, db, s, o.json)
				}
				return withLog(ctx, db, func(log *sessions.Log) error {
					if o.restore != "" {
						return restoreTuning(ctx, db, log, s, o)
					}
					return tune(ctx, log, s, c, last, o.json)
				})
			})
		},
	}
	flags := cmd.Flags()
	c.databaseFlag(flags)
	c.windowFlags(flags)
	flags.StringVar(&o.last, "last", "", "the sessions of how long before the newest one are learned from and tested on, such as 36h; by default 14d, or less if that were more than the newest quarter of all sessions")
	flags.StringVar(&o.restore, "restore", "", "put weights back: the number that --list shows, or default")
	flags.BoolVar(&o.list, "list", false, "list the weights that were kept, the last of which are in use")
	flags.BoolVar(&o.json, "json", false, "print the result as JSON")
	return cmd
}

// tuneResult is what tune says.
type tuneResult struct {
	Kept   bool   `json:"kept"`
	Reason string `json:"reason,omitempty"` // why nothing is kept, and what to do about it
	recommend.StoredTuning
}

// tune learns, tests, and keeps what is better. Without a time it takes that which suits
// the log.
func tune(ctx context.Context, log *sessions.Log, s streams, c Config, last time.Duration, asJSON bool) error {
	h, err := readHistory(ctx, log, c)
	if err != nil {
		return err
	}
	if last == 0 {
		last = h.lately()
	}
	from, test := h.thirds(last)
	fmt.Fprintf(s.err, "of the last %s: %s sessions to learn from, %s to test on; %s before them to know\n",
		brief(last), thousands(int64(test-from)), thousands(int64(len(h.sessions)-test)), thousands(int64(from)))
	r, err := h.learn(ctx, last)
	if err != nil {
		return err
	}
	if r.Kept {
		if r.StoredTuning, err = keepTuning(ctx, log, r.Tuning); err != nil {
			return err
		}
	}
	if asJSON {
		return printJSON(s.out, r)
	}
	return r.print(s)
}

// keepTuning appends it to the log.
func keepTuning(ctx context.Context, log *sessions.Log, t recommend.Tuning) (stored recommend.StoredTuning, err error) {
	now := sessions.MillisOf(time.Now())
	head, err := log.Decide(ctx, func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
		e, err := sessions.Own(sessions.WeightsLearned, 0, now, t)
		return []*sessions.Event{e}, err
	})
	if err != nil {
		return stored, fmt.Errorf("keep the weights: %w", err)
	}
	return recommend.StoredTuning{Seq: head.Seq, At: now, Tuning: t}, nil
}

// stays is said where nothing is kept.
const stays = "The weights stay as they are."

// print writes it for people.
func (r tuneResult) print(s streams) error {
	if r.Before == nil {
		_, err := fmt.Fprintln(s.out, r.Reason, stays)
		return err
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tpredictions\tHR@20\tMRR@20\t")
	fmt.Fprintf(table, "weights in use\t%s\t%s\t%s\t\n", thousands(int64(r.Before.Predictions)), fourth(r.Before.HitRate), fourth(r.Before.MRR))
	fmt.Fprintf(table, "learned from %s steps\t%s\t%s\t%s\t\n", thousands(int64(r.Lessons)), thousands(int64(r.After.Predictions)), fourth(r.After.HitRate), fourth(r.After.MRR))
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	verdict := r.Reason + " " + stays
	if r.Kept {
		verdict = fmt.Sprintf("They are better, and in use from now on as number %d.", r.Seq)
	}
	_, err := fmt.Fprintln(s.out, verdict)
	return err
}

// listTunings prints all that were kept.
func listTunings(ctx context.Context, db *database.DB, s streams, asJSON bool) error {
	list, err := recommend.Tunings(db.Read(ctx))
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(s.out, map[string]any{"data": list})
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "number\tkept\tlearned from\tHR@20\tMRR@20\t")
	for _, t := range list {
		learned, hr, mrr := thousands(int64(t.Lessons)), "", ""
		switch {
		case t.Restores != 0:
			learned = fmt.Sprintf("as number %d", t.Restores)
		case t.Lessons == 0:
			learned = "the default"
		}
		if t.Before != nil && t.After != nil {
			hr, mrr = fourth(t.Before.HitRate)+" to "+fourth(t.After.HitRate), fourth(t.Before.MRR)+" to "+fourth(t.After.MRR)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t\n", t.Seq, t.At.Time().Format("2006-01-02 15:04"), learned, hr, mrr)
	}
	return table.Flush()
}

// restoreTuning puts weights back by appending them anew.
func restoreTuning(ctx context.Context, db *database.DB, log *sessions.Log, s streams, o tuneOptions) error {
	back := recommend.Tuning{Weights: recommend.DefaultWeights().Named()}
	if o.restore != "default" {
		seq, err := strconv.ParseInt(o.restore, 10, 64)
		if err != nil {
			return usage("--restore takes a number that --list shows, or default, not %q", o.restore)
		}
		list, err := recommend.Tunings(db.Read(ctx))
		if err != nil {
			return err
		}
		at := slices.IndexFunc(list, func(t recommend.StoredTuning) bool { return t.Seq == sessions.Seq(seq) })
		if at < 0 {
			return usage("--restore: there are no weights with number %d; --list shows those there are", seq)
		}
		back = list[at].Tuning
		back.Restores = list[at].Seq
	}
	stored, err := keepTuning(ctx, log, back)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(s.out, tuneResult{Kept: true, StoredTuning: stored})
	}
	_, err = fmt.Fprintf(s.out, "They are in use from now on as number %d.\n", stored.Seq)
	return err
}
