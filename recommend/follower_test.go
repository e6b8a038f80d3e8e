package recommend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// openLog opens a log of db with the catalog as a projection.
func openLog(t testing.TB, db *database.DB) *sessions.Log {
	t.Helper()
	log, err := sessions.OpenLog(t.Context(), db, sessions.LogOptions{Projections: []sessions.Projection{NewCatalog(db)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Close)
	return log
}

// started is a recommender that follows a log until the test ends.
func started(t testing.TB, log *sessions.Log, o Options) *Recommender {
	t.Helper()
	r := NewRecommender(log, o)
	r.Start(t.Context())
	t.Cleanup(r.Close)
	caughtUp(t, r)
	return r
}

func caughtUp(t testing.TB, r *Recommender) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := r.WaitFor(ctx, r.log.Head().Seq); err != nil {
		t.Fatal(err)
	}
}

func appendAll(t testing.TB, log *sessions.Log, events ...*sessions.Event) {
	t.Helper()
	receipt, err := log.Append(t.Context(), sessions.Batch{Events: events})
	if err != nil || receipt.Accepted != len(events) {
		t.Fatalf("accepted %d of %d events, %v, %v", receipt.Accepted, len(events), receipt.Rejected, err)
	}
}

func recommended(t testing.TB, r *Recommender, q Request) []Item {
	t.Helper()
	answer, err := r.Recommend(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Items
}

func TestTheSameLogGivesTheSameAnswers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := openLog(t, db)
		along := started(t, log, Options{})
		for rest := traffic(1500); len(rest) > 0; {
			n := min(len(rest), 1+len(rest)%97)
			appendAll(t, log, rest[:n]...)
			rest = rest[n:]
		}
		caughtUp(t, along)
		want := answers(t, along)
		if strings.Count(want, "likely_next") == 0 || strings.Count(want, "viewed_together") == 0 {
			t.Fatal("the traffic leads to too few strategies to tell anything")
		}
		later := openLog(t, db) // of another process, after a restart: nothing is in memory
		if got := answers(t, started(t, later, Options{})); got != want {
			t.Errorf("after a restart:\n%s\nbefore:\n%s", got, want)
		}
		events, err := sessions.ReadEvents(db.Read(t.Context()), 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		single := NewRecommender(later, Options{})
		for i := range events {
			if err := single.take(events[i : i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if got := answers(t, single); got != want {
			t.Errorf("taken in one by one:\n%s\nin batches:\n%s", got, want)
		}
	})
}

// TestSessionsAreThoseOfTheHistories compares the sessions that clicks are counted
// in with those that the log's own follower writes.
func TestSessionsAreThoseOfTheHistories(t *testing.T) {
	db := testdb.SQLite(t)
	log := openLog(t, db)
	appendAll(t, log, traffic(3000)...)
	follower := sessions.NewFollower(db, log, nil)
	if err := follower.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer follower.Close()
	if err := follower.WaitFor(t.Context(), log.Head().Seq); err != nil {
		t.Fatal(err)
	}
	histories := sessions.NewHistories(db)
	written, err := histories.Sessions(t.Context(), false, 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	of := map[sessions.Seq]sessions.SessionID{}
	for _, s := range written {
		events, err := histories.Events(t.Context(), s.ID, 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			of[e.Seq] = s.ID
		}
	}
	all, err := log.Since(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	m, clicks, astray := newMemory(), 0, 0
	for _, e := range all {
		said, err := m.take(e, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range said {
			if clicks++; sessions.SessionID(c.Session) != of[e.Seq] {
				astray++
			}
		}
	}
	if clicks < 1000 || astray != 0 {
		t.Errorf("%d of %d clicks are counted in another session than the histories have", astray, clicks)
	}
}

func TestAClickCountsInTheNextAnswer(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := openLog(t, db)
		r := started(t, log, Options{})
		for i := range 5 {
			who := fmt.Sprint("v", i)
			appendAll(t, log, event(sessions.ProductViewed, who, "tea"), event(sessions.ProductViewed, who, fmt.Sprint("pot", i)))
		}
		for i := range 20 { // each click must be in the very next answer
			who := fmt.Sprint("w", i)
			appendAll(t, log, event(sessions.ProductViewed, who, fmt.Sprint("pot", i%5)))
			items := recommended(t, r, Request{Context: Home, Anonymous: sessions.AnonymousID(who), N: 1})
			if len(items) != 1 || items[0].ID != "tea" || items[0].Strategy != LikelyNext {
				t.Fatalf("after click %d:\n%s", i, explained(items))
			}
			appendAll(t, log, event(sessions.ProductAdded, who, "tea"))
			for _, item := range recommended(t, r, Request{Context: Cart, Anonymous: sessions.AnonymousID(who)}) {
				if item.ID == "tea" {
					t.Fatalf("what was added in step %d is recommended", i)
				}
			}
		}
	})
}

func TestTheShopMayKnowMoreOfACustomer(t *testing.T) {
	log := openLog(t, testdb.SQLite(t))
	var asked []Shopper
	trouble := errors.New("database is away")
	var failing error
	r := started(t, log, Options{
		InCart: func(_ context.Context, who Shopper) ([]sessions.ProductID, error) {
			asked = append(asked, who)
			return []sessions.ProductID{"a"}, failing
		},
		Bought: func(_ context.Context, who Shopper) (map[sessions.ProductID]sessions.Millis, error) {
			asked = append(asked, who)
			return map[sessions.ProductID]sessions.Millis{"b": 1}, failing
		},
	})
	appendAll(t, log, entry(sessions.Product{ID: "b", Attributes: []byte(`{"consumable":true}`)}))
	for _, who := range []string{"x", "y"} {
		appendAll(t, log, event(sessions.OrderCompleted, who, "a", "b", "c"))
	}
	if got := ids(recommended(t, r, Request{Context: Home, Anonymous: "z"})); got != "a b c" || len(asked) != 0 {
		t.Errorf("for an anonymous id %q, after asking about %v", got, asked)
	}
	items := recommended(t, r, Request{Context: Cart, Anonymous: "z", Customer: "ann"})
	want := aligned("b | bought_together | bought together with a in 2 orders\nc | bought_together | bought together with a in 2 orders")
	if got := explained(items); got != want {
		t.Errorf("for a customer:\n%swant:\n%s", got, want)
	}
	if len(asked) != 2 || asked[0] != (Shopper{"z", "ann"}) {
		t.Errorf("asked about %v", asked)
	}
	appendAll(t, log, event(sessions.ProductAdded, "z", "c"), event(sessions.ProductAdded, "z", "a"))
	items = recommended(t, r, Request{Context: Cart, Anonymous: "z", Customer: "ann"})
	if got, want := explained(items), aligned("b | bought_together | bought together with a in 2 orders"); got != want {
		t.Errorf("with more in the cart:\n%swant:\n%s", got, want)
	}
	failing = trouble
	if _, err := r.Recommend(t.Context(), Request{Context: Home, Customer: "ann"}); !errors.Is(err, trouble) {
		t.Errorf("what must be excluded is not known, and the error is %v", err)
	}
}

func TestAnswersDoNotWaitForLong(t *testing.T) {
	log := openLog(t, testdb.SQLite(t))
	r := NewRecommender(log, Options{}) // not started: it never catches up
	appendAll(t, log, event(sessions.ProductViewed, "x", "a"))
	answer, err := r.Recommend(t.Context(), Request{Context: Home})
	if err != nil || len(answer.ID) != 32 || len(answer.Items) != 0 {
		t.Errorf("answer %+v, %v", answer, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Recommend(ctx, Request{Context: Home}); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that was given up is answered %v", err)
	}
	if _, err := r.Recommend(t.Context(), Request{}); err == nil {
		t.Error("a request without a context is answered")
	}
	r.Close() // what was never started need not be stopped
}

func TestAnEventThatCannotBeReadIsReportedAndTriedAgain(t *testing.T) {
	log := openLog(t, testdb.SQLite(t))
	said := make(chan string, 16)
	r := NewRecommender(log, Options{Logger: slog.New(slog.NewTextHandler(lines(said), nil))})
	broken := &sessions.Event{Seq: 2, Kind: sessions.SettingsChanged, Source: sessions.Ours}
	viewed := event(sessions.ProductViewed, "x", "a")
	viewed.Seq = 1
	if err := r.take([]*sessions.Event{viewed, broken}); err == nil || r.Cursor() != 1 || r.Stats().Clicks != 1 {
		t.Errorf("stopped at %d with %d clicks: %v", r.Cursor(), r.Stats().Clicks, err)
	}
	r.Start(t.Context())
	r.Close()
	if line := <-said; !strings.Contains(line, "index is ready") || !strings.Contains(line, "clicks=1") {
		t.Errorf("the first pass reports %q", line)
	}
}

// lines is a writer that sends what is written.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}
