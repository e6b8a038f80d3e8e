package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cartwright/sessions/database"
)

// The states of a finding.
const (
	fine    = "ok"
	warning = "warning"
	failing = "failed"
)

// unread is what to do about a check that could not be made.
const unread = "look at what is said of the database and its disk: this could not be read"

// A finding is the outcome of one check.
type finding struct {
	Check  string `json:"check"`
	State  string `json:"state"` // ok, warning or failed
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"` // what to do
}

// findings are collected by the checks.
type findings []finding

func (f *findings) ok(check, format string, args ...any) {
	*f = append(*f, finding{Check: check, State: fine, Detail: fmt.Sprintf(format, args...)})
}

func (f *findings) warn(check, remedy, format string, args ...any) {
	*f = append(*f, finding{check, warning, fmt.Sprintf(format, args...), remedy})
}

func (f *findings) fail(check, remedy, format string, args ...any) {
	*f = append(*f, finding{check, failing, fmt.Sprintf(format, args...), remedy})
}

func (f findings) count(state string) (n int) {
	for _, one := range f {
		if one.State == state {
			n++
		}
	}
	return n
}

func doctorCommand(s streams) *cobra.Command {
	var c Config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check configuration, database, disk, endpoints, SMTP server, clock and jobs",
		Long: `Looks at everything that Cartwright needs, one line a check, and says what to do about
what is wrong. Give it the settings that “serve” has. It changes nothing, sends no
message, and may run beside a running “serve” or without one. The exit code is 1 if a
check failed; warnings alone leave it 0.`,
		Example: "  cartwright doctor --config /etc/cartwright/cartwright.yaml",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var f findings
			f.configuration(configure(cmd, s, func() error { return c.check() }))
			f.examine(cmd.Context(), c, time.Now())
			if err := printFindings(s.out, f, asJSON); err != nil {
				return err
			}
			if n := f.count(failing); n > 0 {
				return fmt.Errorf("%d of %d checks failed", n, len(f))
			}
			return nil
		},
	}
	for _, g := range groups() {
		g.bind(&c, cmd.Flags())
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	return cmd
}

// examine makes all checks but that of the configuration itself.
func (f *findings) examine(ctx context.Context, c Config, now time.Time) {
	f.systemClock(now)
	f.folder(c.Database)
	f.smtp(ctx, c.MailConfig, now)
	db, err := database.Inspect(ctx, c.Database, database.Options{})
	f.endpoints(ctx, c, madeEndpoints(ctx, db, err, now), now)
	if err != nil {
		f.unreachable(err)
		return
	}
	defer db.Close()
	if !f.schema(ctx, db) {
		return
	}
	f.durability(ctx, db, c.Durability)
	f.integrity(ctx, db)
	f.commits(ctx, db)
	f.space(ctx, db, c.Database, now)
	f.databaseClock(ctx, db)
	f.log(ctx, db, now)
	f.jobs(ctx, db, now)
	f.disabled(ctx, db, now)
	f.mails(ctx, db)
	f.flows(ctx, c, db)
	f.coupons(ctx, c, db, now)
	f.keys(ctx, db)
}

func (f *findings) configuration(err error) {
	if err == nil {
		f.ok("configuration", "all settings can be used")
		return
	}
	mistakes := strings.Split(strings.TrimSpace(err.Error()), "\n")
	if len(mistakes) > 1 {
		mistakes = mistakes[1:] // the first line only introduces them
	}
	for _, mistake := range mistakes {
		f.fail("configuration", "correct the setting; CONFIGURATION.md and “cartwright config” say what each takes", "%s", mistake)
	}
}

func printFindings(w io.Writer, f findings, asJSON bool) error {
	if asJSON {
		return printJSON(w, map[string]any{"checks": f, "warnings": f.count(warning), "failed": f.count(failing)})
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, one := range f {
		detail := one.Detail
		if one.Remedy != "" {
			detail += " → " + one.Remedy
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", one.State, one.Check, strings.Join(strings.Fields(detail), " "))
	}
	return table.Flush()
}
