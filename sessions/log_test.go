package sessions_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func TestAppendNumbersEventsAndCountsItems(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		receipt, err := log.Append(context.Background(), sessions.Batch{
			Events: sessions.ToldAll(t, `
				browser page a:1 m:one
				browser page a:1 m:two
				browser page a:1 m:one
				browser page a:1
				browser page a:1`),
			Rejected: []sessions.Rejected{
				{Index: 5, Code: "no_kind", Reason: "a\x00b\xff", Body: []byte(strings.Repeat("x", 3000))},
				{Index: 6, Code: "no_body"},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if receipt.Seq != 4 || receipt.Accepted != 4 || !slices.Equal(receipt.Duplicates, []int{2}) || len(receipt.Rejected) != 0 {
			t.Errorf("receipt %+v", receipt)
		}
		if head := log.Head(); head != (sessions.Head{Seq: 4, Newest: sessions.Epoch}) {
			t.Errorf("head %+v", head)
		}
		expect(t, db, "SELECT seq, kind, visitor_id FROM events ORDER BY seq", `
			seq kind visitor_id
			1   page 1
			2   page 1
			3   page 1
			4   page 1`)
		expect(t, db, "SELECT id, code, reason, length(body) AS kept FROM rejected ORDER BY id", `
			id code    reason  kept
			1  no_kind ab`+"\uFFFD"+`     2048
			2  no_body ""      0`)
		expectIngest(t, db, sessions.Ingest{Received: 7, Accepted: 4, Duplicates: 1, Rejected: 2})
	})
}

// expect compares a query's rows with a text, however it is indented and aligned.
func expect(t *testing.T, db *database.DB, query, want string) {
	t.Helper()
	if got := squeeze(testdb.Rows(t, db, query)); got != squeeze(want) {
		t.Errorf("%s\ngot:\n%s\nwant:\n%s", query, got, squeeze(want))
	}
}

// squeeze joins the words of each line by single spaces and leaves out empty lines.
func squeeze(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			fmt.Fprintln(&b, strings.Join(words, " "))
		}
	}
	return b.String()
}

func expectIngest(t *testing.T, db *database.DB, want sessions.Ingest) {
	t.Helper()
	got, err := sessions.ReadIngest(db.Read(context.Background()))
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("ingest %+v, want %+v", got, want)
	}
}

func TestAppendFillsInTimes(t *testing.T) {
	log := sessions.OpenTestLog(t, testdb.SQLite(t), sessions.LogOptions{})
	epoch := sessions.Epoch
	for _, c := range []struct{ received, occurred, wantReceived, wantOccurred sessions.Millis }{
		{0, 0, epoch, epoch},
		{0, epoch - 5, epoch, epoch - 5},
		{0, epoch + 5, epoch, epoch},
		{epoch - 90, 0, epoch - 90, epoch - 90},
		{epoch - 90, epoch, epoch - 90, epoch - 90},
	} {
		e := &sessions.Event{Kind: sessions.Page, Source: sessions.Browser, Received: c.received, Occurred: c.occurred}
		sessions.AppendAll(t, log, e)
		if e.Received != c.wantReceived || e.Occurred != c.wantOccurred {
			t.Errorf("received %d occurred %d became %d, %d, want %d, %d",
				c.received, c.occurred, e.Received, e.Occurred, c.wantReceived, c.wantOccurred)
		}
	}
	if newest := log.Head().Newest; newest != epoch {
		t.Errorf("newest received time is %d, want %d: an older event took it back", newest, epoch)
	}
}

func TestConcurrentAppendsGetSeqsWithoutGaps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		const senders, rounds = 64, 5
		var wg sync.WaitGroup
		for sender := range senders {
			wg.Go(func() {
				for round := range rounds {
					mine := sessions.Told(t, fmt.Sprintf("browser page a:%d m:%d-%d", sender, sender, round))
					shared := sessions.Told(t, fmt.Sprintf("browser page a:all m:all-%d", round))
					receipt, err := log.Append(context.Background(), sessions.Batch{Events: []*sessions.Event{mine, shared}})
					if err != nil || receipt.Accepted+len(receipt.Duplicates) != 2 || receipt.Seq < mine.Seq || mine.Seq == 0 {
						t.Errorf("receipt %+v, error %v, event got %d", receipt, err, mine.Seq)
					}
				}
			})
		}
		wg.Wait()
		const accepted = senders*rounds + rounds
		expect(t, db, "SELECT COUNT(*) AS n, MIN(seq) AS low, MAX(seq) AS high FROM events",
			fmt.Sprintf("n low high\n%d 1 %d", accepted, accepted))
		expectIngest(t, db, sessions.Ingest{Received: 2 * senders * rounds, Accepted: accepted, Duplicates: 2*senders*rounds - accepted})
		commits := testdb.Rows(t, db, "SELECT seq FROM hashes")
		if n := strings.Count(commits, "\n") - 1; n >= senders*rounds {
			t.Errorf("%d appends made %d commits: none was shared", senders*rounds, n)
		}
	})
}

func TestSinceGivesTheSameFromMemoryAndDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		total := int64(1290)
		full := sessions.Told(t, "backend order_completed a:1 c:ann e:a@x p:q m:1 x:spring u:/thanks q:socks i:7 o:o1 s:z")
		full.Total, full.Consent, full.Country, full.Properties = &total, "denied", "DE", []byte(`{"a":[1,null]}`)
		sessions.AppendAll(t, log, sessions.ToldAll(t, "browser page a:1\nbrowser page c:ann t:-2m\nbrowser page a:1 c:ann")...)
		sessions.AppendAll(t, log, full)

		later := sessions.OpenTestLog(t, db, sessions.LogOptions{}) // remembers nothing
		for _, c := range []struct {
			after sessions.Seq
			limit int
			want  []sessions.Seq
		}{{0, 10, []sessions.Seq{1, 2, 3, 4}}, {1, 2, []sessions.Seq{2, 3}}, {3, 1, []sessions.Seq{4}}, {4, 5, nil}, {9, 5, nil}} {
			memory, stored := since(t, log, c.after, c.limit), since(t, later, c.after, c.limit)
			if sessions.Described(memory) != sessions.Described(stored) {
				t.Errorf("after %d:\nmemory   %s\ndatabase %s", c.after, sessions.Described(memory), sessions.Described(stored))
			}
			if got := sessions.Seqs(stored); !slices.Equal(got, c.want) {
				t.Errorf("after %d limit %d: %v, want %v", c.after, c.limit, got, c.want)
			}
		}
	})
}

func since(t *testing.T, log *sessions.Log, after sessions.Seq, limit int) []*sessions.Event {
	t.Helper()
	events, err := log.Since(context.Background(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestWaitEndsWhenTheLogGrows(t *testing.T) {
	db := testdb.SQLite(t)
	log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
	waited := make(chan error)
	go func() { waited <- log.Wait(context.Background(), 1) }()
	sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1"))
	select {
	case <-waited:
		t.Fatal("waited for more than seq 1, woke at 1")
	default:
	}
	sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1"))
	if err := <-waited; err != nil {
		t.Error(err)
	}
	if err := log.Wait(context.Background(), 1); err != nil {
		t.Errorf("the log is there already: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := log.Wait(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait answered %v", err)
	}
}

func TestCloseCommitsWhatItTookIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{Now: time.Now})
		var wg sync.WaitGroup
		var mu sync.Mutex
		accepted := 0
		for range 50 {
			wg.Go(func() {
				receipt, err := log.Append(context.Background(), sessions.Batch{Events: sessions.ToldAll(t, "browser page a:1")})
				if err != nil && !errors.Is(err, sessions.ErrClosed) {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				accepted += receipt.Accepted
			})
		}
		log.Close()
		log.Close() // twice does no harm
		wg.Wait()
		expect(t, db, "SELECT COUNT(*) AS n FROM events", fmt.Sprintf("n\n%d", accepted))
		if _, err := log.Append(context.Background(), sessions.Batch{}); !errors.Is(err, sessions.ErrClosed) {
			t.Errorf("append to a closed log: %v", err)
		}
	})
}

// stuck is a projection that holds up the writer until it is told to go on.
type stuck struct{ goOn chan struct{} }

func (stuck) Tables() []sessions.Table { return nil }

func (s stuck) Apply(*gorm.DB, []*sessions.Event) error {
	<-s.goOn
	return nil
}

func TestABatchWaitsForItsTurnAsLongAsItsPatienceLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := testdb.SQLite(t)
		writer := stuck{make(chan struct{})}
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{Now: time.Now, Projections: []sessions.Projection{writer}})
		var wg sync.WaitGroup
		begin := func(patience time.Duration) {
			wg.Go(func() {
				if _, err := log.Append(t.Context(), sessions.Batch{Events: sessions.ToldAll(t, "browser page a:1"), Patience: patience}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		for range 1 + sessions.QueueLength { // one is being written
			begin(time.Second)
		}
		began := time.Now()
		_, err := log.Append(t.Context(), sessions.Batch{Events: sessions.ToldAll(t, "browser page a:1"), Patience: time.Second})
		if waited := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || waited != time.Second {
			t.Errorf("answered %v after %v", err, waited)
		}
		begin(0) // waits for ever
		time.Sleep(time.Second)
		close(writer.goOn)
		wg.Wait()
		expect(t, db, "SELECT COUNT(*) AS n FROM events", fmt.Sprintf("n\n%d", 2+sessions.QueueLength))
	})
}
