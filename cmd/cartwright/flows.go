package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/recommend"
	"cartwright/sessions/database"
)

// flowsSetting is the setting flows: a list in the configuration file, else the name
// of a file in which it stands. Nil means that none are configured.
type flowsSetting struct{ flows []flow.Flow }

// Type says what stands behind the flag.
func (s *flowsSetting) Type() string { return "file" }

// String is the default: there are none.
func (s *flowsSetting) String() string { return "" }

// Set reads the flows of a file.
func (s *flowsSetting) Set(name string) (err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read flows: %w", err)
	}
	s.flows, err = flow.Parse(text)
	return err
}

// SetNode reads the flows of a part of the configuration file. Nothing behind the key is
// as if it were not there; an empty list means that there are to be none.
func (s *flowsSetting) SetNode(list *yaml.Node) (err error) {
	if list.Kind == yaml.ScalarNode && list.Value == "" {
		return nil
	}
	s.flows, err = flow.ParseNode(list)
	return err
}

// fallback is what is made of abandoned carts where no flow is configured.
func (c Config) fallback() flow.Flow { return flow.New(c.CartWait, c.CartMaximumAge) }

// rules are what decisions are made by besides the flows of the log.
func (c Config) rules(db *database.DB) cart.Rules {
	return cart.Rules{
		Fallback: c.fallback(), Zone: c.Timezone.Location, Catalog: recommend.NewCatalog(db).Entries, Mails: c.SMTP != "", Mail: c.mailRules(),
	}
}

func flowsCommand(s streams) *cobra.Command {
	var c Config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "flows",
		Short: "See the recovery flows; check a file of them, try one on the log",
		Long: `Says in words what the recovery flows that hold now do, and since when. They are
configured in the configuration file or over PUT /v1/flows; what changed last counts.`,
		Example: `  cartwright flows
  cartwright flows check flows.yaml
  cartwright flows dry-run --last 30d flows.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error {
				configured, err := c.rules(db).LoadFlows(db.Read(ctx))
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(s.out, configured)
				}
				return printFlows(s.out, configured)
			})
		},
	}
	c.databaseFlag(cmd.Flags())
	c.recoveryFlags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	cmd.AddCommand(checkFlowsCommand(s), dryRunCommand(s))
	return cmd
}

func printFlows(w io.Writer, c cart.Configured) error {
	since := map[string]string{
		cart.ByDefault: "No flow is configured. This holds instead:", cart.ByFile: "From the configuration file, since %s:", cart.ByAPI: "From the API, since %s:",
	}[c.Origin]
	if c.Origin != cart.ByDefault {
		since = fmt.Sprintf(since, c.At.Time().Format(time.RFC3339))
	}
	if _, err := fmt.Fprintln(w, since); err != nil {
		return err
	}
	return sayFlows(w, c.Flows)
}

// sayFlows says in words what flows do, in the order in which they are asked.
func sayFlows(w io.Writer, flows []flow.Flow) error {
	for _, f := range flow.PlanOf(flows) {
		if _, err := fmt.Fprintf(w, "\n%s", f.Words()); err != nil {
			return err
		}
	}
	if len(flows) == 0 {
		_, err := fmt.Fprintln(w, "\nThere are none: nobody is told of anything that was abandoned.")
		return err
	}
	return nil
}

func checkFlowsCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Check a file of flows and say in words what they will do",
		Long: `Reads the list of flows of a file, which may be a whole configuration file with the
key “flows”, and says what each will do, with the total delay of each step. Every
mistake is told with its line. Nothing is changed.`,
		Example: "  cartwright flows check cartwright.yaml",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s takes one file", c.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			var read flowsSetting
			if err := read.Set(args[0]); err != nil {
				return fmt.Errorf("%s:\n%w", args[0], err)
			}
			return sayFlows(s.out, read.flows)
		},
	}
}
