package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// dryReport is what a dry run found.
type dryReport struct {
	From      time.Time     `json:"from"`
	To        time.Time     `json:"to"`
	Origin    string        `json:"flows_of"` // default, file, api, or the file that was named
	Flows     []flow.Flow   `json:"flows"`
	Summary   []dryLine     `json:"summary"`
	Decisions []dryDecision `json:"decisions"`

	// Unaided is what shoppers bought who would have gone into a flow, in the window after it,
	// without having been written to.
	Unaided []cart.Experiment `json:"unaided"`
}

// dryLine counts decisions that are alike.
type dryLine struct {
	Flow      string       `json:"flow"`
	Step      int64        `json:"step"`
	Outcome   cart.Outcome `json:"outcome"`
	Reason    cart.Reason  `json:"reason"`
	Decisions int          `json:"decisions"`
	People    int          `json:"people"`
}

// dryDecision is one decision, with the ids of the log and not of the scratch database.
type dryDecision struct {
	At       time.Time         `json:"at"`
	Shopper  string            `json:"shopper"`
	Cart     int64             `json:"cart,omitempty"`
	Name     sessions.CartID   `json:"cart_id,omitempty"`
	Session  int64             `json:"session,omitempty"`
	Flow     string            `json:"flow"`
	Step     int64             `json:"step"`
	Outcome  cart.Outcome      `json:"outcome"`
	Reason   cart.Reason       `json:"reason"`
	Channels []cart.Channel    `json:"channels,omitempty"`
	Order    *sessions.OrderID `json:"order_id,omitempty"`
	Words    string            `json:"words"`
}

func dryRunCommand(s streams) *cobra.Command {
	var c Config
	var last string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "dry-run [FILE]",
		Short: "Show whom flows would have written to in the last days of the log, and why not the others",
		Long: `Plays the log once more into a scratch database and decides there, by the flows of a
file or else by those that hold, as if recovery had been switched on so many days
before the newest event: whom it would have written to, when, and why not the
others. Imported history counts as if it had come in live. Nothing is written to
the shop's database, and nobody is told anything. What a later order made of it
is not foreseen, as it was not then.`,
		Example: `  cartwright flows dry-run --last 30d
  cartwright flows dry-run --last 7d --json flows.yaml`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("%s takes one file", c.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			window, err := flow.ParseDuration(last)
			if err != nil || window <= 0 {
				return usage("--last takes a time such as 7d, not %q", last)
			}
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error {
				if !cmd.Flags().Changed("flows") {
					c.Flows.flows = nil // those that hold count, not those of the configuration file
				}
				report, err := tryFlows(ctx, c, db, args, window)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(s.out, report)
				}
				return printDryRun(s.out, report, all)
			})
		},
	}
	c.databaseFlag(cmd.Flags())
	c.historyFlags(cmd.Flags())
	c.recoveryFlags(cmd.Flags())
	c.mailFlags(cmd.Flags())
	c.addresseeFlags(cmd.Flags())
	c.attributionFlag(cmd.Flags())
	cmd.Flags().StringVar(&last, "last", "7d", "for how long before the newest event of the log")
	cmd.Flags().BoolVar(&all, "all", false, "print every decision, not the first fifty")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// tryFlows makes a dry run by the flows of a file, or by those that hold.
func tryFlows(ctx context.Context, c Config, db *database.DB, files []string, window time.Duration) (dryReport, error) {
	configured, err := c.rules(db).LoadFlows(db.Read(ctx))
	if err != nil {
		return dryReport{}, err
	}
	report := dryReport{Origin: configured.Origin, Flows: configured.Flows, Summary: []dryLine{}, Decisions: []dryDecision{}}
	if c.Flows.flows != nil {
		report.Origin, report.Flows = "--flows", c.Flows.flows
	}
	if len(files) == 1 {
		var read flowsSetting
		if err := read.Set(files[0]); err != nil {
			return report, fmt.Errorf("%s:\n%w", files[0], err)
		}
		report.Origin, report.Flows = files[0], read.flows
	}
	head, err := sessions.ReadHead(db.Read(ctx))
	if err != nil {
		return report, err
	}
	report.To = head.Newest.Time()
	report.From = report.To.Add(-window)
	return report, simulate(ctx, db, c.rules, report.Flows, report.From, func(r *dryRun) error {
		recovery, err := c.reports(r.scratch).Recovery(ctx, report.From, report.To.Add(time.Second))
		if report.Unaided = recovery.Experiments; err != nil {
			return err
		}
		return report.read(ctx, r)
	})
}

// read fills the report with the decisions of a dry run.
func (d *dryReport) read(ctx context.Context, r *dryRun) error {
	type kind struct {
		flow    string
		step    int64
		outcome cart.Outcome
		reason  cart.Reason
	}
	counts, people := map[kind]int{}, map[kind]map[sessions.VisitorID]bool{}
	shoppers := map[sessions.VisitorID]string{}
	err := cart.NewStore(r.scratch).EachDecision(ctx, func(made cart.Decision) error {
		k := kind{made.Flow, made.Step, made.Outcome, made.Reason}
		if people[k] == nil {
			people[k] = map[sessions.VisitorID]bool{}
		}
		counts[k]++
		people[k][made.Visitor] = true
		if _, known := shoppers[made.Visitor]; !known {
			var err error
			if shoppers[made.Visitor], err = r.shopper(r.scratch.Read(ctx), made.Visitor); err != nil {
				return err
			}
		}
		one := dryDecision{
			At: made.At.Time(), Shopper: shoppers[made.Visitor], Cart: r.original(int64(made.Cart)), Name: made.Name,
			Session: r.original(int64(made.Session)), Flow: made.Flow, Step: made.Step, Outcome: made.Outcome, Reason: made.Reason,
			Channels: made.Channels, Words: made.Words(),
		}
		if made.Order != "" {
			one.Order = &made.Order
		}
		d.Decisions = append(d.Decisions, one)
		return nil
	})
	for k, n := range counts {
		d.Summary = append(d.Summary, dryLine{k.flow, k.step, k.outcome, k.reason, n, len(people[k])})
	}
	slices.SortFunc(d.Summary, func(a, b dryLine) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Step, b.Step), cmp.Compare(b.Decisions, a.Decisions),
			cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
	})
	return err
}

// shopper names a visitor by what the shop knows of them: the customer id, else an
// anonymous id, else an address.
func (r *dryRun) shopper(tx *gorm.DB, v sessions.VisitorID) (string, error) {
	if v == 0 {
		return "nobody known", nil
	}
	ids, err := sessions.IdentifiersOf(tx, v)
	switch {
	case err != nil:
		return "", err
	case ids.Customer != "":
		return "customer " + string(ids.Customer), nil
	case len(ids.Anonymous) > 0:
		return "visitor " + string(ids.Anonymous[0]), nil
	case len(ids.Emails) > 0:
		return string(ids.Emails[0]), nil
	}
	return fmt.Sprintf("visitor %d", r.original(int64(v))), nil
}

// drySample is how many decisions are printed unless all are asked for.
const drySample = 50

func printDryRun(w io.Writer, d dryReport, all bool) error {
	fmt.Fprintf(w, "What the flows (%s) would have made of %s to %s:\n\n", d.Origin, d.From.Format(time.RFC3339), d.To.Format(time.RFC3339))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "flow\tstep\toutcome\tdecisions\tpeople\tbecause")
	for _, l := range d.Summary {
		step := fmt.Sprint(l.Step)
		if l.Step == 0 {
			step = "–"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\n", orNone(l.Flow), step, l.Outcome, l.Decisions, l.People, l.Reason.Words())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(d.Summary) == 0 {
		fmt.Fprintln(w, "Nothing was left in that time.")
	}
	if len(d.Unaided) > 0 {
		fmt.Fprintln(w, "\nWhat they bought by themselves, since nobody was written to, compared as it will be when somebody is:")
	}
	for _, e := range d.Unaided {
		printExperiment(w, e)
	}
	shown := d.Decisions
	if len(shown) > drySample && !all {
		shown = shown[:drySample]
	}
	fmt.Fprintln(w)
	for _, one := range shown {
		what := fmt.Sprintf("cart %d", one.Cart)
		if one.Name != "" {
			what = "cart " + string(one.Name)
		}
		if one.Session != 0 {
			what = fmt.Sprintf("session %d", one.Session)
		}
		fmt.Fprintf(w, "%s  %s, %s: %s\n", one.At.Format("2006-01-02 15:04"), one.Shopper, what, one.Words)
	}
	if n := len(d.Decisions) - len(shown); n > 0 {
		fmt.Fprintf(w, "… and %d more: --all prints them.\n", n)
	}
	return nil
}

func orNone(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
