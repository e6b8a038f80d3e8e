package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"cartwright/recommend/evaluate"
	"cartwright/sessions"
	"cartwright/sessions/database"
	"cartwright/sessions/wire"
)

// evaluateOptions say what is evaluated, and how.
type evaluateOptions struct {
	train, test string
	last        string
	protocol    string
	minPrefix   int
	strategies  []string
	json        bool
}

func evaluateCommand(s streams) *cobra.Command {
	var c Config
	var o evaluateOptions
	var all []string
	for _, strategy := range evaluate.Strategies() {
		all = append(all, strategy.Name)
	}
	cmd := &cobra.Command{
		Use:   "evaluate (--train FILE --test FILE | --last TIME)",
		Short: "Measure how well recommendations foresee what shoppers did next",
		Long:  evaluateHelp(),
		Example: `  cartwright evaluate --train march.tsv.gz --test april.tsv
  cartwright evaluate --train march.tsv.gz --test april.tsv --strategy sr,knn --json
  cartwright evaluate --last 7d`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(all); err != nil {
				return err
			}
			if o.last == "" {
				return o.runFiles(cmd.Context(), s)
			}
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error {
				return withLog(ctx, db, func(log *sessions.Log) error { return o.runShop(ctx, log, s, c) })
			})
		},
	}
	flags := cmd.Flags()
	c.databaseFlag(flags)
	c.windowFlags(flags)
	flags.StringVar(&o.last, "last", "", "predict the sessions of so long before the newest one in the shop's own log, such as 7d")
	flags.StringVar(&o.train, "train", "", "the file of sessions to learn from")
	flags.StringVar(&o.test, "test", "", "the file of sessions to predict")
	flags.StringVar(&o.protocol, "protocol", string(evaluate.Next), "what is predicted and what counts: "+strings.Join(protocolNames(), " or "))
	flags.IntVar(&o.minPrefix, "min-prefix", 1, "predict only where at least so many items of the session are known")
	flags.StringSliceVar(&o.strategies, "strategy", all, "what is compared, in this order")
	flags.BoolVar(&o.json, "json", false, "print a JSON object a strategy and line")
	return cmd
}

// evaluateHelp is the command's description, with the strategies there are.
func evaluateHelp() string {
	var b strings.Builder
	b.WriteString(`Lets each strategy learn from one file of sessions and then plays the sessions of
another: wherever one of them went on, the strategy is asked for twenty items, and the
one that really came next is looked for among them. With --last it does so with the
shop's own log: what happened before is learned, and the last days are predicted; “knn”
and “blend” then know what was added and bought, by whom and from which network, as far
back as the shop does, and “blend” has the weights that it ranks by. Nothing is stored.

Split your own history by time, so that the test is what came after the training: a
shop that tests on sessions it has learned from will be pleased and deceived.

The strategies are
`)
	for _, strategy := range evaluate.Strategies() {
		fmt.Fprintf(&b, "  %-7s%s\n", strategy.Name, strategy.Purpose)
	}
	b.WriteString(`All but those that the live index answers are published methods with published
settings, and reach the figures that session-rec, where they come from, has on the same
files; so what is measured here may be put beside what papers say.

Of all predictions, HR is the share that have the next item among the first 5, 10 or 20,
MRR the mean of 1 / its rank, and NDCG that of 1 / log2(rank + 1), both of them 0 beyond
the twentieth. Coverage is the share of the items learned that were recommended at all;
popularity is how much clicked an item of a list is, against the most clicked one of the
training: of two strategies that foresee equally well, the one that covers more with what
is less popular is the better one. Then comes the time of a prediction, what is held in
memory, and how long learning took.

With the protocol “next”, items of the session so far may be recommended, and people do
return to them. “serenade” leaves the current item out of every list, so that a step onto
the same item is a miss; it is how a shop's page shows them, beside the product that one
looks at. Both drop test items that the training does not have, and then sessions of one
item.

Files are tab separated with a header that names SessionId, ItemId and Time, in seconds
since 1970, in any order and beside other columns. Rows need not be sorted; those of one
session and time stay as they stand in the file. Files may be packed with gzip, and one
of them may be “-”, the standard input. A row that cannot be read ends the command, with
its file and line.`)
	return b.String()
}

// protocolNames are the protocols there are.
func protocolNames() (names []string) {
	for _, p := range evaluate.Protocols() {
		names = append(names, string(p))
	}
	return names
}

// check returns what is wrong with the options.
func (o evaluateOptions) check(all []string) error {
	switch {
	case o.last != "" && (o.train != "" || o.test != ""):
		return usage("evaluate takes files or the shop's own log, not both: --train and --test, or --last")
	case o.last != "":
		if _, err := parseDays(o.last); err != nil {
			return usage("--last %v", err)
		}
	case o.train == "" || o.test == "":
		return usage("evaluate needs a file to learn from and one to predict, --train FILE --test FILE, or --last 7d for the shop's own log")
	}
	if o.train == "-" && o.test == "-" {
		return usage("--train and --test: only one of them can be the standard input")
	}
	if !slices.Contains(protocolNames(), o.protocol) {
		return usage("--protocol: there is no protocol %q; there are %s", o.protocol, strings.Join(protocolNames(), ", "))
	}
	if o.minPrefix < 1 {
		return usage("--min-prefix: at least 1 item must be known, not %d", o.minPrefix)
	}
	if len(o.strategies) == 0 {
		return usage("--strategy: name at least one of %s", strings.Join(all, ", "))
	}
	for _, name := range o.strategies {
		if !slices.Contains(all, name) {
			return usage("--strategy: there is no strategy %q; there are %s", name, strings.Join(all, ", "))
		}
	}
	return nil
}

// runFiles evaluates on files.
func (o evaluateOptions) runFiles(ctx context.Context, s streams) error {
	train, err := readClicks(ctx, o.train, s)
	if err != nil {
		return err
	}
	test, err := readClicks(ctx, o.test, s)
	if err != nil {
		return err
	}
	e, err := evaluate.New(train, test, o.options())
	if err != nil {
		return err
	}
	return o.run(ctx, s, e, evaluate.Strategies())
}

// runShop evaluates on the shop's own log.
func (o evaluateOptions) runShop(ctx context.Context, log *sessions.Log, s streams, c Config) error {
	last, err := parseDays(o.last)
	if err != nil {
		return err
	}
	h, err := readHistory(ctx, log, c)
	if err != nil {
		return err
	}
	cut := h.before(last)
	if cut == 0 {
		return fmt.Errorf("%w: no session had ended before the last %s, so there is nothing to learn from: %s", evaluate.ErrNothing, brief(last), h.shorter())
	}
	e, err := h.evaluation(cut, o.options())
	if err != nil {
		return err
	}
	strategies := evaluate.Strategies()
	for i, strategy := range strategies {
		if own := evaluate.BlendWith(h.weights); strategy.Name == own.Name {
			strategies[i] = own
		}
	}
	return o.run(ctx, s, e, strategies)
}

func (o evaluateOptions) options() evaluate.Options {
	return evaluate.Options{Protocol: evaluate.Protocol(o.protocol), MinPrefix: o.minPrefix}
}

// run measures the strategies that are wanted. As JSON each is printed as soon as it
// is measured.
func (o evaluateOptions) run(ctx context.Context, s streams, e *evaluate.Evaluation, strategies []evaluate.Strategy) error {
	learned := e.Training()
	fmt.Fprintf(s.err, "%s predictions in %s sessions, from %s clicks on %s items in %s sessions\n",
		thousands(int64(e.Predictions())), thousands(int64(e.Sessions())),
		thousands(int64(learned.Clicks)), thousands(int64(learned.Items)), thousands(int64(learned.Sessions)))
	var measured []evaluate.Measures
	for _, name := range o.strategies {
		m, err := measureStrategy(ctx, e, strategies, name, s)
		if err != nil {
			return fmt.Errorf("evaluate %s: %w", name, err)
		}
		measured = append(measured, m)
		if !o.json {
			continue
		}
		if err := printJSON(s.out, m); err != nil {
			return err
		}
	}
	if o.json {
		return nil
	}
	return printMeasures(s, measured)
}

// measureStrategy measures a strategy by its name, with a bar on a terminal.
func measureStrategy(ctx context.Context, e *evaluate.Evaluation, strategies []evaluate.Strategy, name string, s streams) (evaluate.Measures, error) {
	at := slices.IndexFunc(strategies, func(strategy evaluate.Strategy) bool { return strategy.Name == name })
	bar := newBar(s.err, name, "predictions")
	defer bar.Finish() //nolint:errcheck // a broken terminal is no reason to fail
	return e.Measure(ctx, strategies[at], func() { _ = bar.Add(1) })
}

// readClicks reads a file in the format of imports that is called sessions, whole.
// The first row that cannot be read is an error.
func readClicks(ctx context.Context, name string, s streams) ([]evaluate.Click, error) {
	file, closeFile, err := openInput(name, s.in)
	if err != nil {
		return nil, err
	}
	defer closeFile()
	input, err := wire.Open("sessions", []wire.File{file}, wire.Options{Currency: "USD"}) // of no amounts
	if err != nil {
		return nil, err
	}
	var clicks []evaluate.Click
	known := map[string]string{}
	once := func(id string) string { // of equal ids one is held
		if _, ok := known[id]; !ok {
			known[id] = id
		}
		return known[id]
	}
	for batch, err := range input.Batches() {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if len(batch.Rejected) > 0 {
			return nil, fmt.Errorf("read sessions: %s", batch.Rejected[0].Reason)
		}
		for _, e := range batch.Events {
			clicks = append(clicks, evaluate.Click{Session: once(e.Session), Item: once(string(e.Lines[0].Product)), At: int64(e.Occurred)})
		}
	}
	return clicks, nil
}

// printMeasures writes the table for people.
func printMeasures(s streams, measured []evaluate.Measures) error {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "strategy\tHR@5\tHR@10\tHR@20\tMRR@20\tNDCG@20\tcoverage@20\tpopularity@20\tmean µs\tp50\tp90\tp99\tMB\tbuild ms\t")
	for _, m := range measured {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t\n", m.Strategy,
			fourth(m.HR5), fourth(m.HR10), fourth(m.HR20), fourth(m.MRR20), fourth(m.NDCG20), fourth(m.Coverage20), fourth(m.Popularity20),
			m.Mean, m.P50, m.P90, m.P99, float64(m.IndexBytes)/1e6, m.BuildMillis)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}

// fourth writes a share with four digits, without the nought before them.
func fourth(share float64) string { return strings.TrimPrefix(fmt.Sprintf("%.4f", share), "0") }
