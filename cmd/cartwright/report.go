package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/sessions/database"
	"cartwright/sessions/wire"
)

func reportCommand(s streams) *cobra.Command {
	var c Config
	cmd := &cobra.Command{
		Use:     "report",
		Short:   "Say what came of what was done",
		Long:    `Reports for whoever decides what goes on. They read the database only.`,
		Example: "  cartwright report recovery --from 2026-01-01 --to 2026-02-01",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.databaseFlag(cmd.PersistentFlags())
	cmd.AddCommand(recoveryReportCommand(s, &c))
	return cmd
}

func recoveryReportCommand(s streams, c *Config) *cobra.Command {
	var from, to string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "recovery",
		Short: "Say what recovery earned, and what would have come without it",
		Long: `Counts for each step of each flow what was delivered, clicked, recovered and
unsubscribed, and what the recovered orders came to, without what was refunded or
cancelled. An order is credited, whole, to the message by whose link its shopper
came back last, within the attribution window before it. Everything counts when it
happened, so that the report of a month is the sum of those of its days.

Beside it stands what an experiment says, where a flow holds some shoppers out:
how many of them ordered, and for how much, as against those who were to get
messages, whatever became of these (intention to treat). Shoppers who click might
have come back anyway; the difference between the groups is what messages change.
Its intervals are those of Newcombe (1998) for shares and of Welch (1947) for means.`,
		Example: `  cartwright report recovery
  cartwright report recovery --from 2026-01-01 --to 2026-02-01 --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, s, c, func(ctx context.Context, db *database.DB) error {
				begin, end, err := api.Period(from, to, time.Now(), c.Timezone.Location)
				if err != nil {
					return usage("--%v", err)
				}
				report, err := c.reports(db).Recovery(ctx, begin, end)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(s.out, report)
				}
				return printRecovery(s.out, report, c.Timezone.Location)
			})
		},
	}
	c.attributionFlag(cmd.Flags())
	c.timezoneFlag(cmd.Flags())
	cmd.Flags().StringVar(&from, "from", "", "the first day (2026-01-31, by the shop's clock) or time (RFC 3339); default thirty days before --to")
	cmd.Flags().StringVar(&to, "to", "", "the day or time at which the report ends, itself not in it; default now")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}

// attributionFlag binds how orders are credited.
func (c *Config) attributionFlag(flags *pflag.FlagSet) {
	flags.DurationVar(&c.AttributionWindow, "attribution-window", cart.DefaultWindow, "an order is credited to the message by whose link its shopper came back last, within this time before it")
}

// reports are those of a database.
func (c Config) reports(db *database.DB) *cart.Reports {
	return cart.NewReports(db, cart.ReportOptions{Window: c.AttributionWindow, Enrolments: cart.ReadEnrolments, Unsubscribes: cart.ReadUnsubscribes})
}

// printRecovery writes a report for people, with times in a zone.
func printRecovery(out io.Writer, r cart.RecoveryReport, zone *time.Location) error {
	w := &strings.Builder{}
	fmt.Fprintf(w, "Recovery from %s to %s (%s); orders within %s of a click\n\n", moment(r.From.In(zone)), moment(r.To.In(zone)), zone, days(r.Window))
	if len(r.Messages) == 0 {
		fmt.Fprintln(w, "No message was delivered, clicked or led to an order in this time.")
	} else {
		printMessages(w, r)
	}
	if r.Unconfirmed > 0 {
		fmt.Fprintf(w, "\n%s more orders are only known from browsers, which is no revenue: tell them from the shop's backend.\n", thousands(r.Unconfirmed))
	}
	for _, h := range r.Withheld {
		fmt.Fprintf(w, "\n%s messages of %s, step %d, were not sent because the shopper had ordered already; they are not counted above.\n", thousands(h.Messages), h.Flow, h.Step)
	}
	for _, e := range r.Experiments {
		printExperiment(w, e)
	}
	_, err := io.WriteString(out, w.String())
	return err
}

func printMessages(w io.Writer, r cart.RecoveryReport) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "flow\tstep\tchannel\tdelivered\tclicked\trecovered\tcancelled\tunsubscribed\trevenue\t")
	row := func(flow, step, channel string, m cart.MessageOutcome) {
		left := "–"
		if m.Unsubscribed != nil {
			left = thousands(*m.Unsubscribed)
		}
		revenue := "–"
		if len(m.Revenue) > 0 {
			var sums []string
			for _, money := range m.Revenue {
				sums = append(sums, amount(float64(money.Net), money.Currency))
			}
			revenue = strings.Join(sums, ", ")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", flow, step, channel,
			thousands(m.Delivered), thousands(m.Clicked), thousands(m.Recovered), thousands(m.Cancelled), left, revenue)
	}
	for _, l := range r.Messages {
		row(l.Flow, fmt.Sprint(l.Step), string(l.Channel), l.MessageOutcome)
	}
	row("total", "", "", r.Total)
	_ = table.Flush() // into memory
}

// printExperiment writes what a comparison says.
func printExperiment(w io.Writer, e cart.Experiment) {
	title := "All flows together (comparable only while they hold out the same share)"
	if e.Flow != "" {
		title = "Flow " + e.Flow
	}
	fmt.Fprintf(w, "\n%s, with messages and without\n  %s\n", title, e.Verdict)
	for _, m := range e.Revenue {
		if m.Treated == nil || m.Holdout == nil {
			continue
		}
		fmt.Fprintf(w, "  %s a person, %s of those held out", amount(*m.Treated, m.Currency), amount(*m.Holdout, m.Currency))
		if d := m.Difference; d != nil {
			fmt.Fprintf(w, ": a difference of %s (95%% interval %s to %s)", amount(d.Difference, m.Currency), amount(d.Low, m.Currency), amount(d.High, m.Currency))
		}
		fmt.Fprintln(w)
	}
	if e.Open > 0 {
		fmt.Fprintf(w, "  Of %s people the time to order has not ended yet.\n", thousands(e.Open))
	}
}

// amount writes minor units of a currency as people do.
func amount(minor float64, currency string) string {
	exponent, _ := wire.Exponent(currency) // 0 of one that is not known
	for range exponent {
		minor /= 10
	}
	return fmt.Sprintf("%.*f %s", exponent, minor, currency)
}

// moment writes a time, a whole day as one.
func moment(t time.Time) string {
	if h, m, s := t.Clock(); h+m+s == 0 {
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02 15:04")
}

// days writes a duration in days if it is some.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == day:
		return "a day"
	case d%day == 0:
		return fmt.Sprintf("%d days", d/day)
	}
	return d.String()
}
