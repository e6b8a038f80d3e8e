package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
	"cartwright/sessions/enrich"
	"cartwright/sessions/wire"
)

func importCommand(s streams) *cobra.Command {
	var c Config
	var format, currency string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "import --format FORMAT FILES…",
		Short: "Read files of history into the log",
		Long: `Reads what happened in the past into the log, by the same way that live events take.
Rows are sorted by time over all files first: those of otto, segment and sessions in
bounded memory however many there are, with a temporary file as large as they are
(TMPDIR says in which folder), those of the other formats in memory. Importing the same
rows again, also years later, adds nothing. Imported history never triggers anything by
itself.

The formats are
  segment        a Segment call in JSON on every line
  otto           a session in JSON on every line: {"session":…,"events":[{"aid":…,"ts":…,
                 "type":…}]}, the types clicks, carts and orders; a row is one event
  rees46         CSV of event_time, event_type, product_id, price, user_id, user_session
  sessions       tab separated SessionId, ItemId, Time
  online-retail  CSV of invoices as in the data set Online Retail II

A file may be packed with gzip; “-” is the standard input.`,
		Example: `  cartwright import --format segment events.ndjson.gz
  zcat history.csv.gz | cartwright import --format rees46 --currency EUR -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("import needs at least one file; “-” is the standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := configure(cmd, s); err != nil {
				return err
			}
			if !slices.Contains(wire.Formats(), format) {
				return usage("--format takes one of %s, not %q", strings.Join(wire.Formats(), ", "), format)
			}
			if _, ok := wire.Exponent(currency); currency != "" && !ok {
				return usage("--currency: %q is no currency of ISO 4217", currency)
			}
			began := time.Now()
			tally, err := importNamed(cmd.Context(), c, format, currency, args, s)
			if err != nil {
				return err
			}
			return printTally(s, tally, time.Since(began), asJSON)
		},
	}
	c.databaseFlag(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "", "the format of the files")
	cmd.Flags().StringVar(&currency, "currency", "", "the currency of amounts that name none (default the shop's)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the summary as JSON")
	return cmd
}

func printTally(s streams, t wire.Tally, took time.Duration, asJSON bool) error {
	if asJSON {
		return printJSON(s.out, struct {
			wire.Tally
			Seconds float64 `json:"seconds"`
		}{t, took.Seconds()})
	}
	_, err := fmt.Fprintf(s.out, "%s rows read in %.1f s (%s a second): %s accepted, %s duplicates, %s rejected.\n",
		thousands(int64(t.Read)), took.Seconds(), thousands(int64(float64(t.Read)/took.Seconds())),
		thousands(int64(t.Accepted)), thousands(int64(t.Duplicates)), thousands(int64(t.Rejected)))
	return err
}

// importNamed imports files by their names.
func importNamed(ctx context.Context, c Config, format, currency string, names []string, s streams) (wire.Tally, error) {
	// Memory is collected early: it costs an import a tenth of its time, and nobody waits for an answer.
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	var files []wire.File
	for _, name := range names {
		file, closeFile, err := openInput(name, s.in)
		if err != nil {
			return wire.Tally{}, fmt.Errorf("import: %w", err)
		}
		defer closeFile()
		files = append(files, file)
	}
	db, err := c.openDatabase(ctx, nil)
	if err != nil {
		return wire.Tally{}, err
	}
	defer db.Close()
	log, err := sessions.OpenLog(ctx, db, sessions.LogOptions{Projections: projections(db)})
	if err != nil {
		return wire.Tally{}, err
	}
	defer log.Close()
	follower := sessions.NewFollower(db, log, nil)
	if err := follower.Start(ctx); err != nil {
		return wire.Tally{}, err
	}
	defer follower.Close()
	tally, err := importFiles(ctx, db, log, importOptions{
		format: format, currency: currency, files: files, progress: s.err, rejected: s.err, follower: follower,
	})
	if err != nil {
		return tally, err
	}
	if err := follower.WaitFor(ctx, log.Head().Seq); err != nil {
		return tally, err
	}
	return tally, analyze(ctx, db)
}

// analyze tells PostgreSQL what the tables look like now, as it would find out by
// itself some minutes later: until then it reads them whole for a few rows.
func analyze(ctx context.Context, db *database.DB) error {
	if db.Dialect() != database.Postgres {
		return nil
	}
	err := db.Write(ctx, func(tx *gorm.DB) error { return tx.Exec("ANALYZE").Error })
	if err != nil {
		return fmt.Errorf("analyze what was imported: %w", err)
	}
	return nil
}

// openInput opens a file, or the standard input for “-”, unpacked.
func openInput(name string, stdin io.Reader) (wire.File, func(), error) {
	in, closeFile := stdin, func() {}
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return wire.File{}, nil, err
		}
		in, closeFile = file, func() { _ = file.Close() }
	}
	buffered := bufio.NewReaderSize(in, 1<<16)
	file := wire.File{Name: name, Reader: buffered}
	if magic, _ := buffered.Peek(2); string(magic) == "\x1f\x8b" {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			closeFile()
			return wire.File{}, nil, fmt.Errorf("unpack %s: %w", name, err)
		}
		file.Reader = unpacked
	}
	return file, closeFile, nil
}

// importOptions say what is imported.
type importOptions struct {
	format   string
	currency string // empty: the shop's
	files    []wire.File
	progress io.Writer
	rejected io.Writer // is told of rejected rows
	told     int       // how many rejected rows were told of

	// follower, unless nil, is waited for from time to time, so that it is never far
	// behind, and drops the sessions that no later row can reach, which are nearly all
	// of a long history.
	follower *sessions.Follower
}

// rowsPerClosing is how many rows may begin sessions before idle ones are dropped.
const rowsPerClosing = 20_000

// complaints is how many rejected rows are told of; the database keeps them all.
const complaints = 20

// complain tells of rejected rows, the first of them.
func (o *importOptions) complain(lists ...[]sessions.Rejected) {
	for _, rejected := range slices.Concat(lists...) {
		switch o.told++; {
		case o.told <= complaints:
			fmt.Fprintf(o.rejected, "rejected: %s: %s\n", rejected.Code, rejected.Reason)
		case o.told == complaints+1:
			fmt.Fprintln(o.rejected, "rejected: … and more; the table rejected has them with their reasons")
		}
	}
}

// importFiles appends the events of files to the log and counts their rows.
func importFiles(ctx context.Context, db *database.DB, log *sessions.Log, o importOptions) (total wire.Tally, err error) {
	if o.currency == "" {
		settings, err := sessions.LoadSettings(db.Read(ctx))
		if err != nil {
			return total, err
		}
		o.currency = settings.Currency
	}
	agents, err := enrich.NewUserAgents()
	if err != nil {
		return total, err
	}
	input, err := wire.Open(o.format, o.files, wire.Options{
		Currency: o.currency, Latest: sessions.MillisOf(time.Now()), Enrich: enricher(agents),
	})
	if err != nil {
		return total, err
	}
	bar := newBar(o.progress, "importing", "rows")
	defer bar.Finish() //nolint:errcheck // a broken terminal is no reason to fail
	closed := 0        // rows that had their events when idle sessions were last dropped
	for batch, err := range input.Batches() {
		if err != nil {
			return total, err
		}
		if err := ctx.Err(); err != nil {
			return total, errors.Join(errors.New("import: stopped; run it again to go on"), err)
		}
		tally, err := o.append(ctx, log, batch)
		if err != nil {
			return total, fmt.Errorf("import %s: %w", o.format, err)
		}
		total = total.Add(tally)
		progress(bar, total)
		if o.follower != nil && total.Accepted >= closed+rowsPerClosing {
			closed = total.Accepted
			if err := o.settle(ctx, log.Head().Seq); err != nil {
				return total, fmt.Errorf("import %s: close idle sessions: %w", o.format, err)
			}
		}
	}
	return total, nil
}

// settle waits until the sessions are written up to a seq, and drops idle ones from memory.
func (o *importOptions) settle(ctx context.Context, seq sessions.Seq) error {
	if err := o.follower.WaitFor(ctx, seq); err != nil {
		return err
	}
	_, err := o.follower.CloseIdle(ctx)
	return err
}

// append appends a batch and counts its rows.
func (o *importOptions) append(ctx context.Context, log *sessions.Log, b wire.Batch) (wire.Tally, error) {
	if len(b.Events)+len(b.Rejected) == 0 {
		return b.Tally(sessions.Receipt{}), nil // it only counts what was read
	}
	receipt, err := log.Append(ctx, b.Batch)
	if err != nil {
		return wire.Tally{}, err
	}
	o.complain(b.Rejected, receipt.Rejected)
	return b.Tally(receipt), nil
}

// progress shows how many rows were read as long as that goes on, and then how
// many of them are done with.
func progress(bar *progressbar.ProgressBar, t wire.Tally) {
	if t.Accepted+t.Duplicates == 0 {
		bar.Describe("reading")
		_ = bar.Set(t.Read)
		return
	}
	bar.Describe("importing")
	_ = bar.Set(t.Accepted + t.Duplicates + t.Rejected)
}
