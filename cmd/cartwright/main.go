package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // quiet hours go by shoppers' clocks on machines without a list of them, too

	"github.com/spf13/cobra"
)

// The exit codes that scripts can rely on.
const (
	exitDone   = 0
	exitFailed = 1 // a file is missing, the database cannot be used, …
	exitUsage  = 2 // the command was given wrongly
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr, os.Environ()})
	stop()
	os.Exit(code)
}

// streams are what a command reads and writes besides its files.
type streams struct {
	in      io.Reader
	out     io.Writer // what was asked for, and nothing else
	err     io.Writer // progress, logs, warnings
	environ []string
}

// errUsage marks an error that is the caller's: exit code 2.
var errUsage = errors.New("wrong usage")

// usage returns an error of the caller's.
func usage(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := rootCommand(s)
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(s.err, "cartwright: %v\n", err)
	if errors.Is(err, errUsage) {
		fmt.Fprintln(s.err, "Try “cartwright --help”, or --help behind a command.")
		return exitUsage
	}
	return exitFailed
}

func rootCommand(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "cartwright",
		Short: "Session histories, product recommendations and cart recovery for an online shop",
		Long: `Cartwright listens to what happens in an online shop. The storefront and the
shop's backend send it events; it keeps the history of every session, recommends
products while people browse, notices carts that were left behind, and tells the
shop by signed webhooks, so that it can bring the shopper back.

It is one program with its own database in one file. “cartwright tour” shows all
of it in about a minute, on real sales of a gift shop. “cartwright serve” starts
it for your shop, with no configuration needed.

Every setting has one name. What is --cart-wait as a flag is cart-wait in the
file cartwright.yaml and CARTWRIGHT_CART_WAIT in the environment; the flag beats
the environment, which beats the file.`,
		Example: `  cartwright tour
  cartwright serve --webhooks "https://shop.example/hooks whsec_…"
  cartwright import --format segment events.ndjson.gz
  cartwright detect --as-of 2026-01-31T00:00:00Z --json`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("there is no command %q", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%v", err) })
	root.PersistentFlags().String("config", "", "the configuration file (default "+defaultConfigFile+", if it is there)")
	root.AddCommand(
		serveCommand(s), tourCommand(s), importCommand(s),
		detectCommand(s), flowsCommand(s), whyCommand(s), mailCommand(s), couponsCommand(s), webhooksCommand(s), jobsCommand(s),
		reportCommand(s), statsCommand(s), replayCommand(s), verifyCommand(s), backupCommand(s), restoreCommand(s),
		configCommand(s), doctorCommand(s), healthCommand(s), keysCommand(s),
		evaluateCommand(s), tuneCommand(s), benchCommand(s), versionCommand(s),
	)
	return root
}

// noArguments refuses what stands behind a command that takes nothing.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s does not take %q", c.CommandPath(), args[0])
	}
	return nil
}

// configure fills in the settings of a command's flags from environment and file,
// and reports what is wrong with them all at once; checks are asked for more.
func configure(c *cobra.Command, s streams, checks ...func() error) error {
	file, err := c.Flags().GetString("config")
	if err != nil {
		return err
	}
	mistakes := []error{load(c.Flags(), file, s.environ)}
	for _, check := range checks {
		mistakes = append(mistakes, check())
	}
	if err := errors.Join(mistakes...); err != nil {
		return usage("the configuration has mistakes:\n%v", err)
	}
	return nil
}
