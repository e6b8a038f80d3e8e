package sessions

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// Epoch is when the stories of these tests begin.
var Epoch = MillisOf(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))

// Told returns the event that a line of a story tells: its source, its kind, and what it carries,
// each behind a letter.
//
//	browser page a:tablet c:ann e:ann@x.org t:5m
//
// a, c and e are the identifiers, p is the previous id of an alias, m the message id, t when it
// happened and r when it arrived, both after [Epoch], x a campaign, s a named session, u the path
// of a page, q a query, i a product, o an order; bot stands alone.
func Told(t testing.TB, line string) *Event {
	t.Helper()
	words := strings.Fields(line)
	e := &Event{Source: Source(words[0]), Kind: Kind(words[1]), Received: Epoch, Occurred: Epoch}
	for _, word := range words[2:] {
		letter, value, _ := strings.Cut(word, ":")
		e.tell(t, letter, value)
	}
	return e
}

func (e *Event) tell(t testing.TB, letter, value string) {
	t.Helper()
	switch letter {
	case "a":
		e.Anonymous = AnonymousID(value)
	case "c":
		e.Customer = CustomerID(value)
	case "e":
		e.Email = Email(value)
	case "p":
		e.Previous = value
	case "m":
		e.MessageID = value
	case "t":
		e.Occurred = Epoch.Add(offset(t, value))
		e.Received = max(e.Received, e.Occurred)
	case "r":
		e.Received = Epoch.Add(offset(t, value))
	case "x":
		e.Campaign = &Campaign{Name: value}
	case "s":
		e.Session = value
	case "u":
		e.Page = &PageInfo{Path: value, URL: "https://shop.example" + value}
	case "q":
		e.Query = value
	case "i":
		e.Lines = append(e.Lines, Line{Product: ProductID(value), Quantity: 1})
	case "o":
		e.Order = OrderID(value)
	case "bot":
		e.Bot = true
	default:
		t.Fatalf("a story knows no letter %q", letter)
	}
}

func offset(t testing.TB, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// ToldAll returns the events of a story's lines; empty lines and those that begin with # are left out.
func ToldAll(t testing.TB, story string) []*Event {
	t.Helper()
	var events []*Event
	for line := range strings.Lines(story) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			events = append(events, Told(t, line))
		}
	}
	return events
}

// QueueLength is how many batches wait for their turn in the queue.
const QueueLength = queueLength

// OpenTestLog opens a log of db that is closed when the test ends.
func OpenTestLog(t testing.TB, db *database.DB, o LogOptions) *Log {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return Epoch.Time() }
	}
	log, err := OpenLog(context.Background(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Close)
	return log
}

// AppendAll appends events one batch, which must be taken as a whole.
func AppendAll(t testing.TB, log *Log, events ...*Event) Receipt {
	t.Helper()
	receipt, err := log.Append(context.Background(), Batch{Events: events})
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// FollowAll writes the sessions of the whole log, by a follower that starts and stops.
func FollowAll(t testing.TB, db *database.DB, log *Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	f := NewFollower(db, log, nil)
	if err := f.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.WaitFor(ctx, log.Head().Seq); err != nil {
		t.Fatal(err)
	}
}

// Seqs lists the seqs of events.
func Seqs(events []*Event) (seqs []Seq) {
	for _, e := range events {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

// Described returns all that events say, one a line.
func Described(events []*Event) string {
	var b strings.Builder
	for _, e := range events {
		body, err := encodeBody(e)
		fmt.Fprintln(&b, e.Seq, e.Received, e.Occurred, e.Kind, e.Source, e.Visitor, string(body), err)
	}
	return b.String()
}

// Wipe empties a database as it was when it was new.
func Wipe(t testing.TB, db *database.DB) {
	t.Helper()
	err := db.Write(context.Background(), func(tx *gorm.DB) error {
		for _, table := range []string{"events", "hashes", "hash_key", "rejected", "cursors", "settings", "visitors", "identities", "sessions"} {
			if err := tx.Exec("DELETE FROM " + table).Error; err != nil {
				return err
			}
		}
		if err := tx.Exec("UPDATE ingest_counters SET n = 0").Error; err != nil {
			return err
		}
		return saveHead(tx, Head{})
	})
	if err != nil {
		t.Fatal(err)
	}
}
