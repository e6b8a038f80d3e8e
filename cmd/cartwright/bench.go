package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"gorm.io/gorm"

	"cartwright/sessions"
)

// benchOptions say what is measured, and how.
type benchOptions struct {
	dir     string
	only    []string
	run     time.Duration
	events  []int
	unread  bool
	carts   int
	profile string
	long    bool
	json    bool
	longOptions
}

// benchReport is what “cartwright bench” prints; parts that were left out are missing.
type benchReport struct {
	Ingest  []ingestFigures `json:"ingest,omitempty"`
	Answers *answerFigures  `json:"recommendations,omitempty"`
	Index   *indexFigures   `json:"index,omitempty"`
	Detect  *detectFigures  `json:"detect,omitempty"`
	longReport
}

// benchParts are the names of what can be measured.
var benchParts = []string{"ingest", "recommendations", "index", "detect"}

func benchCommand(s streams) *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast this machine is with Cartwright",
		Long: `Measures, in about a minute, how many events a second this machine takes in, how
fast it recommends, how fast the index of recommendations is by itself with a million
sessions, and how long it looks for abandoned carts. Events come over 64
connections from 20,000 visitors and are on disk before they are answered; the rate
counts until sessions and recommendations have caught up. Beside each rate stands a
ceiling: what a bare web handler reaches that reads the same batches and inserts as
many rows, grouped in the same way, with the same wait for the disk, and does nothing
else, or for recommendations one that answers nothing. Both are measured in turn, by clients on this same machine.

The databases are made in a temporary folder, which should be on the disk that a
shop's would be on: name one with --dir. They are gone afterwards.

With --long it measures what takes longer, an hour and a half and some 15 GB as it
stands: “start”, after a crash with a million events; “memory”, for an event and for
a click; “full”, appending to a log of ten million events beside a new one; and
“soak”, an hour of mixed load in which the program is killed every five minutes,
and after which the log is compared with what was acknowledged.`,
		Example: `  cartwright bench
  cartwright bench --json --dir /var/lib/cartwright
  cartwright bench --only ingest --events 20 --run 5s
  cartwright bench --long --only soak --soak 10m --kill-every 1m`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.long && !cmd.Flags().Changed("only") {
				o.only = longParts
			}
			if err := o.check(); err != nil {
				return err
			}
			report, err := o.profiled(cmd.Context(), sayTo(s))
			if err != nil {
				return err
			}
			if o.json {
				return errors.Join(printJSON(s.out, report), report.trouble())
			}
			return errors.Join(report.print(s), report.trouble())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.dir, "dir", "", "the folder in which databases are made (default the system's for temporary files)")
	flags.StringSliceVar(&o.only, "only", benchParts, "what to measure")
	flags.DurationVar(&o.run, "run", 1200*time.Millisecond, "how long one run of appending takes; there are three for each size and side")
	flags.IntSliceVar(&o.events, "events", []int{1, 20, 100}, "how many events a request carries")
	flags.BoolVar(&o.unread, "unread", false, "let the ceiling of appending store items as they came, without reading them")
	flags.IntVar(&o.carts, "carts", 1_000_000, "among how many carts the abandoned ones, a hundredth, are looked for")
	flags.StringVar(&o.profile, "cpuprofile", "", "write a profile of the processor to this file, with what is measured and the ceiling under the label side")
	flags.BoolVar(&o.long, "long", false, "measure what takes longer than a minute: "+strings.Join(longParts, ", "))
	flags.IntVar(&o.crash, "crash-events", 1_000_000, "of start and memory: how many events are in the log")
	flags.IntVar(&o.full, "full-events", 10_000_000, "of full: how many events are in the log")
	flags.DurationVar(&o.soak, "soak", time.Hour, "of soak: how long it takes")
	flags.DurationVar(&o.killEvery, "kill-every", 5*time.Minute, "of soak: how long the program lives")
	flags.IntVar(&o.rate, "rate", 500, "of soak: how many events a second are sent")
	flags.BoolVar(&o.json, "json", false, "print the result as JSON")
	return cmd
}

// check returns what is wrong with the options.
func (o benchOptions) check() error {
	for _, part := range o.only {
		parts := benchParts
		if o.long {
			parts = append(slices.Clone(benchParts), longParts...)
		}
		if !slices.Contains(parts, part) {
			return usage("--only: there is no part %q; there are %s", part, strings.Join(parts, ", "))
		}
	}
	for _, n := range o.events {
		if n < 1 || n > 2500 {
			return usage("--events: a request carries 1 to 2500 events, not %d", n)
		}
	}
	if o.carts < 1 {
		return usage("--carts: %d is too few", o.carts)
	}
	if o.crash < 1 || o.full < 1 || o.rate < 1 || o.soak < time.Second || o.killEvery < time.Second {
		return usage("--crash-events, --full-events, --rate, --soak and --kill-every: at least 1, and 1s")
	}
	if o.run < time.Millisecond {
		return usage("--run: %s is no time to measure", o.run)
	}
	return nil
}

// profiled measures, and writes a profile if one is asked for.
func (o benchOptions) profiled(ctx context.Context, progress func(string)) (r benchReport, err error) {
	collecting, end := context.WithCancel(ctx)
	defer end()
	go collectSeldom(collecting) // as serve does
	if o.profile == "" {
		return o.measure(ctx, progress)
	}
	f, err := os.Create(o.profile)
	if err != nil {
		return r, fmt.Errorf("write the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return r, errors.Join(fmt.Errorf("write the profile: %w", err), f.Close())
	}
	r, err = o.measure(ctx, progress)
	pprof.StopCPUProfile()
	return r, errors.Join(err, f.Close())
}

// measure measures the parts that are asked for.
func (o benchOptions) measure(ctx context.Context, progress func(string)) (r benchReport, err error) {
	if slices.Contains(o.only, "ingest") {
		for _, n := range o.events {
			f, err := measureIngest(ctx, o.dir, n, o.run, o.unread)
			if err != nil {
				return r, fmt.Errorf("measure appending %d events a request: %w", n, err)
			}
			r.Ingest = append(r.Ingest, f)
		}
	}
	if slices.Contains(o.only, "recommendations") {
		f, err := measureAnswers(ctx, o.dir)
		if err != nil {
			return r, fmt.Errorf("measure recommendations: %w", err)
		}
		r.Answers = &f
	}
	if slices.Contains(o.only, "index") {
		if r.Index, err = measureIndex(ctx); err != nil {
			return r, fmt.Errorf("measure the index: %w", err)
		}
	}
	if slices.Contains(o.only, "detect") {
		f, err := measureDetection(ctx, o.dir, o.carts)
		if err != nil {
			return r, fmt.Errorf("measure detection: %w", err)
		}
		r.Detect = &f
	}
	return r, o.measureLong(ctx, &r.longReport, progress)
}

// print writes the report for people.
func (r benchReport) print(s streams) error {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(r.Ingest) > 0 {
		fmt.Fprintln(table, "events a request\tevents/s\tceiling\tratio\tfollowers behind\tprocessor\tceiling's\t")
	}
	for _, f := range r.Ingest {
		fmt.Fprintf(table, "%d\t%s\t%s\t%.2f\t%d ms\t%.1f µs\t%.1f µs\t\n", f.Events, thousands(int64(f.Rate)), thousands(int64(f.Ceiling)),
			f.Ratio, f.Lag, f.CPU, f.CeilingCPU)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	if a := r.Answers; a != nil {
		fmt.Fprintf(s.out, "\nRecommendations: %s answers a second, %.2f of what an empty handler reaches (%s). One at a time,\n"+
			"half of them take up to %d µs and 99 of 100 up to %d µs; with %d connections asking at once %d and %d µs.\n"+
			"That is with nearest neighbours; where the blend comes first there are %s answers a second, %.2f.\n",
			thousands(int64(a.Rate)), a.Ratio, thousands(int64(a.Ceiling)), a.AloneP50, a.AloneP99, benchConnections, a.P50, a.P99,
			thousands(int64(a.Blend)), a.BlendRatio)
		fmt.Fprintf(s.out, "Over %d connections 99 of 100 take up to %d µs; while %s events a second come in %.2f of that rate is left.\n",
			besideConnections, a.Beside.P99, thousands(besideRate), a.Beside.Beside)
	}
	if x := r.Index; x != nil {
		fmt.Fprintf(s.out, "\nThe index alone, with %s sessions of 100,000 products, %.1f bytes a click: built in %s ms; a click takes %.2f µs\n"+
			"in calls of %d. One core answers %s times a second with neighbours, %.2f of that while %s clicks a second come,\nand %s times with the blend.\n",
			thousands(int64(x.Sessions)), x.Bytes, thousands(x.Build), x.Append, indexBatch,
			thousands(int64(x.Neighbours)), x.Beside, thousands(indexLive), thousands(int64(x.Blends)))
	}
	if d := r.Detect; d != nil {
		fmt.Fprintf(s.out, "\nDetection: %s of %s carts were due, decided and written down in %s ms.\n",
			thousands(int64(d.Due)), thousands(int64(d.Carts)), thousands(d.Took))
	}
	r.longReport.print(s)
	return nil
}

// enableRecovery tells a log that recovery is on.
func enableRecovery(ctx context.Context, log *sessions.Log) error {
	_, err := log.Decide(ctx, func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
		e, err := sessions.Own(sessions.RecoveryEnabled, 0, 1, struct{}{})
		return []*sessions.Event{e}, err
	})
	return err
}

func trimScheme(address string) string { return strings.TrimPrefix(address, "http://") }

func ratio(a, b float64) float64 { return math.Round(1000*a/b) / 1000 }
func round(x float64) float64    { return math.Round(x) }
func tenth(x float64) float64    { return math.Round(10*x) / 10 }
