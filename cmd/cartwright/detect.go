package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cartwright/cart"
	"cartwright/sessions"
)

func detectCommand(s streams) *cobra.Command {
	var c Config
	var asOf string
	var deliver, asJSON bool
	cmd := &cobra.Command{
		Use:   "detect",
		Short: "Find the carts that are abandoned as of a time",
		Long: `Looks at every open cart, also imported ones, as if it were the given time, and
writes down what would be triggered. Such triggers are dry: they are never
delivered and do not take the place of real ones, unless --deliver says that they
are meant. Flows are those that hold, or those of --flows and the configuration
file. The time must not lie before the newest event. “serve” does not need this
command: its own job looks at live carts all the time.`,
		Example: `  cartwright detect --as-of 2026-01-31T00:00:00Z
  cartwright detect --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := configure(cmd, s); err != nil {
				return err
			}
			at := time.Now()
			if asOf != "" {
				var err error
				if at, err = time.Parse(time.RFC3339, asOf); err != nil {
					return usage("--as-of takes a time such as 2026-01-31T00:00:00Z, not %q", asOf)
				}
			}
			if err := c.fallback().Check(); err != nil {
				return usage("%v", err)
			}
			o := cart.Options{Deliver: deliver, History: true, Running: asOf == ""}
			report, err := detect(cmd.Context(), c, at, o)
			var early *cart.EarlyError
			if errors.As(err, &early) {
				return usage("%v", early)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.out, report)
			}
			_, err = fmt.Fprintf(s.out, "%d open carts, %d of them abandoned, %d held back by an order or an active shopper, %d triggers made.\n",
				report.Carts, report.Abandoned, report.Suppressed, report.Triggers)
			return err
		},
	}
	c.databaseFlag(cmd.Flags())
	c.recoveryFlags(cmd.Flags())
	cmd.Flags().StringVar(&asOf, "as-of", "", "the time to look at carts as of, RFC 3339 (default now)")
	cmd.Flags().BoolVar(&deliver, "deliver", false, "make the triggers real: a running serve delivers them")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

func detect(ctx context.Context, c Config, at time.Time, o cart.Options) (cart.Report, error) {
	db, err := c.openExisting(ctx)
	if err != nil {
		return cart.Report{}, err
	}
	defer db.Close()
	log, err := sessions.OpenLog(ctx, db, sessions.LogOptions{Projections: projections(db)})
	if err != nil {
		return cart.Report{}, err
	}
	defer log.Close()
	rules := c.rules(db)
	rules.Instead = c.Flows.flows
	return cart.NewDetector(log, rules).Detect(ctx, at, o)
}
