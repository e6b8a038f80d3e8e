package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func statsCommand(s streams) *cobra.Command {
	var c Config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Count events, visitors, sessions, carts and orders",
		Long: `Counts what the database holds, within one view of it. Bots are not counted. “carts”
counts every cart that ever held something, “open_carts” those that hold something
now.`,
		Example: "  cartwright stats --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error {
				stats, err := readStats(ctx, db)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(s.out, stats)
				}
				return printStats(s, stats)
			})
		},
	}
	c.databaseFlag(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the counts as JSON")
	return cmd
}

func readStats(ctx context.Context, db *database.DB) (stats Stats, err error) {
	err = db.Snapshot(ctx, func(tx *gorm.DB) (err error) {
		if stats.Stats, err = sessions.ReadStats(tx); err != nil {
			return err
		}
		stats.Counts, err = cart.ReadCounts(tx)
		return err
	})
	return stats, err
}

func printStats(s streams, stats Stats) error {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(what string, n int64) { fmt.Fprintf(table, "%s\t%s\t\n", what, thousands(n)) }
	row("visitors", stats.Visitors)
	row("sessions", stats.Sessions)
	row("carts", stats.Carts)
	row("open carts", stats.OpenCarts)
	row("units in open carts", stats.OpenUnits)
	row("orders", stats.Orders)
	for _, kind := range slices.Sorted(maps.Keys(stats.Events)) {
		row(string(kind), stats.Stats.Events[kind])
	}
	return table.Flush()
}
