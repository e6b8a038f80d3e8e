package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"cartwright/sessions"
)

// File is one file of history, already unpacked.
type File struct {
	Name   string // for reports
	Reader io.Reader
}

// Options say how files are read.
type Options struct {
	Currency string          // of formats that name none: the shop's, ISO 4217
	Latest   sessions.Millis // rows of a later time are rejected; 0 for no limit
	Events   int             // of one batch; 0 for 1000
	Memory   int             // bytes of rows held while they are sorted; 0 for 16 MB
	Folder   string          // of the temporary file that holds the others; "" for the system's

	// Enrich, unless nil, is called with each event of the format segment.
	Enrich func(*sessions.Event, Client)
}

// Codes of rejected rows, beside those of items.
const (
	CodeFewerFields = "fewer_fields" // fewer fields than the header has names
	CodeInvalidID   = "invalid_id"   // empty, too long, or not of the format's form
)

// ErrFormat is returned for the name of a format that is none.
var ErrFormat = errors.New("unknown format")

// errStopped ends the reading when nobody wants more batches.
var errStopped = errors.New("stopped")

// Formats returns the names of the formats, in alphabetical order.
func Formats() []string { return []string{"online-retail", "otto", "rees46", "segment", "sessions"} }

// Import is a set of files of one format.
type Import struct {
	format  string
	files   []File
	options Options
	read    func([]File, Options, *collector) error
}

// Open prepares reading files of a format, one of [Formats], as one history. It
// reads nothing yet. The error wraps [ErrFormat].
//
// Rows are sorted by time over all files, equal times in the order of the files.
// Those of otto, segment and sessions are sorted in bounded memory and otherwise
// in a temporary file, which takes as much room as they do. Those of online-retail
// and rees46 are held in memory, 24 to 56 bytes each and every distinct text once.
func Open(format string, files []File, o Options) (*Import, error) {
	im := &Import{format: format, files: files, options: o}
	switch format {
	case "online-retail":
		im.read = readInvoices
	case "otto":
		im.read = readSessionLines
	case "rees46":
		im.read = readShopping
	case "segment":
		im.read = readItems
	case "sessions":
		im.read = readClicks
	default:
		return nil, fmt.Errorf("%w %q; known are %s", ErrFormat, format, strings.Join(Formats(), ", "))
	}
	if _, ok := Exponent(o.Currency); !ok {
		return nil, fmt.Errorf("import %s: %q is no currency of ISO 4217", format, o.Currency)
	}
	return im, nil
}

// Batch is some events of an import, with the data rows they stand for. While
// rows are read to be sorted there are none yet: such a batch only counts.
type Batch struct {
	// Batch goes to the log. The Index of a rejected row is its line in its
	// file, counted from 1; the reason names both.
	sessions.Batch

	Rows     []int // of each event, how many rows it stands for; 0 for one learned by the way
	Read     int   // data rows read for this batch
	Repeated int   // rows that repeat an earlier one of these files, and made no event
}

// Tally counts data rows. Read is the sum of the others over a whole import; in
// a single batch it is not, because rows are read before their events are made.
type Tally struct {
	Read       int `json:"read"`
	Accepted   int `json:"accepted"`
	Duplicates int `json:"duplicates"`
	Rejected   int `json:"rejected"`
}

// Add returns the sums of t and u.
func (t Tally) Add(u Tally) Tally {
	return Tally{t.Read + u.Read, t.Accepted + u.Accepted, t.Duplicates + u.Duplicates, t.Rejected + u.Rejected}
}

// Tally counts the batch's rows by what became of its events in the log.
func (b Batch) Tally(r sessions.Receipt) Tally {
	t := Tally{Read: b.Read, Duplicates: b.Repeated, Rejected: len(b.Rejected)}
	for _, n := range b.Rows {
		t.Accepted += n
	}
	for _, i := range r.Duplicates {
		t.Accepted -= b.Rows[i]
		t.Duplicates += b.Rows[i]
	}
	for _, rejected := range r.Rejected {
		t.Accepted -= b.Rows[rejected.Index]
		t.Rejected += b.Rows[rejected.Index]
	}
	return t
}

// Batches reads the files and yields their events in batches, once. After an
// error, of reading or of a file without the format's header, there are no more.
func (im *Import) Batches() iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		c := &collector{format: im.format, limit: im.options.Events, yield: yield}
		if c.limit <= 0 {
			c.limit = 1000
		}
		c.begin()
		err := im.read(im.files, im.options, c)
		if err == nil && c.batch.Read+c.batch.Repeated+len(c.batch.Events)+len(c.batch.Rejected) > 0 {
			err = c.flush()
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Batch{}, fmt.Errorf("import %s: %w", im.format, err))
		}
	}
}

// collector gathers events into batches.
type collector struct {
	format string
	limit  int
	yield  func(Batch, error) bool
	batch  Batch
}

// begin starts a new batch.
func (c *collector) begin() { c.batch = Batch{Batch: sessions.Batch{Format: c.format}} }

// flush yields what was gathered.
func (c *collector) flush() error {
	b := c.batch
	c.begin()
	if !c.yield(b, nil) {
		return errStopped
	}
	return nil
}

// rowsPerReport is how many rows are read, in batches' worth of events, before
// a batch without events tells how far the reading is, and may be the last.
const rowsPerReport = 10

// read counts a data row.
func (c *collector) read() error {
	c.batch.Read++
	if c.batch.Read < rowsPerReport*c.limit {
		return nil
	}
	return c.flush()
}

// event adds an event of the past that stands for some rows. Its received time
// is its own.
func (c *collector) event(e *sessions.Event, rows int) error {
	e.Source = sessions.Imported
	e.Received = e.Occurred
	c.batch.Events = append(c.batch.Events, e)
	c.batch.Rows = append(c.batch.Rows, rows)
	if len(c.batch.Events) < c.limit {
		return nil
	}
	return c.flush()
}

// reject adds a row that is no event.
func (c *collector) reject(file string, line int, text []byte, r *refusal) error {
	located := refusal{r.code, fmt.Sprintf("%s, line %d: %s", file, line, r.reason)}
	c.batch.Rejected = append(c.batch.Rejected, located.rejected(line, text))
	if len(c.batch.Rejected) < c.limit {
		return nil
	}
	return c.flush()
}

// digest returns a message id that follows from texts and so is the same
// whenever a row is read again: half a SHA-256, by which two rows never meet.
func digest(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x1f")))
	return hex.EncodeToString(sum[:16])
}
