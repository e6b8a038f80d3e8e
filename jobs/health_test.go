package jobs

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func TestHealth(t *testing.T) {
	const hour = sessions.Millis(3_600_000)
	limit := 120 * time.Hour
	yes, no := webhook.Outcome{Result: webhook.Delivered}, webhook.Outcome{Result: webhook.Retry, Reason: "no"}
	for name, c := range map[string]struct {
		before    health
		outcomes  []webhook.Outcome
		now       sessions.Millis
		after     health
		sustained bool
	}{
		"nothing was tried":             {health{failing: hour, attempted: hour}, nil, 500 * hour, health{failing: hour, attempted: hour}, true},
		"the first success":             {health{}, []webhook.Outcome{yes}, hour, health{succeeded: hour, attempted: hour}, false},
		"the first failure":             {health{}, []webhook.Outcome{no}, hour, health{failing: hour, attempted: hour, reason: "no"}, false},
		"still failing":                 {health{failing: hour, attempted: 100 * hour}, []webhook.Outcome{no}, 121*hour - 1, health{failing: hour, attempted: 121*hour - 1, reason: "no"}, false},
		"failing for long enough":       {health{failing: hour, attempted: 100 * hour}, []webhook.Outcome{no}, 121 * hour, health{failing: hour, attempted: 121 * hour, reason: "no"}, true},
		"one success ends it":           {health{failing: hour, attempted: 100 * hour}, []webhook.Outcome{no, yes, no}, 121 * hour, health{succeeded: 121 * hour, attempted: 121 * hour, reason: "no"}, false},
		"a silence begins it anew":      {health{failing: hour, attempted: 2 * hour}, []webhook.Outcome{no}, 122*hour + 1, health{failing: 122*hour + 1, attempted: 122*hour + 1, reason: "no"}, false},
		"a silence that is long enough": {health{failing: hour, attempted: 2 * hour}, []webhook.Outcome{no}, 122 * hour, health{failing: hour, attempted: 122 * hour, reason: "no"}, true},
	} {
		got := c.before.after(c.outcomes, limit, c.now)
		if got != c.after || got.sustained(limit, c.now) != c.sustained || got.sustained(0, c.now) {
			t.Errorf("%s: %+v sustained %t, want %+v %t", name, got, got.sustained(limit, c.now), c.after, c.sustained)
		}
	}
}

// An endpoint at which everything failed for five days is disabled, loudly; another goes on. Enabled again, it has
// its time before it, and what was cancelled can be sent again.
func TestAnEndpointThatFailsForTooLongIsDisabled(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		begun := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		now := begun
		p := newPost(t, db, func() time.Time { return now }, "bad.example", "good.example")
		p.receiver.verify = nil // which looks at the machine's clock
		var said bytes.Buffer
		p.logger, p.patience = slog.New(slog.NewTextHandler(&said, nil)), 120*time.Hour
		working := false
		p.receiver.answer = func(host string, _ int) *answer {
			if host == "bad.example" && !working {
				return &answer{status: 503}
			}
			return nil
		}
		e := NewEndpoints(db, webhook.Options{}, nil)
		state := func() EndpointState {
			t.Helper()
			s, err := e.Find(t.Context(), 1, now)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		run := func() {
			p.run()
			p.workers.Wait()
		}
		for day := range 6 {
			p.told.add(sessions.Seq(day+1), "trg_"+string(rune('a'+day)))
			run()
			if s := state(); s.Enabled != (day < 5) || s.FailingSince == nil || !s.FailingSince.Equal(begun) || *s.LastError != "the endpoint answered 503 Service Unavailable" {
				t.Fatalf("day %d: %+v", day, s)
			}
			if a, err := EndpointAlarms(t.Context(), db); err != nil || a.Failing+a.Disabled["failing"] != 1 || a.Disabled["failing"] != int64(day/5) {
				t.Errorf("day %d: alarms %+v, %v", day, a, err)
			}
			now = now.Add(24 * time.Hour)
		}
		if !strings.Contains(said.String(), "level=WARN") || !strings.Contains(said.String(), "bad.example") || strings.Count(said.String(), "\n") != 1 {
			t.Errorf("the log says %q", said.String())
		}
		run()
		rows := testdb.Rows(t, db, "SELECT endpoint_id AS endpoint, status, count(*) AS n, max(last_error) AS error FROM deliveries GROUP BY 1, 2 ORDER BY 1, 2")
		if want := `endpoint  status     n  error
1         cancelled  6  the endpoint is disabled: failing
2         delivered  6  ""
`; rows != want {
			t.Errorf("deliveries\n%swant\n%s", rows, want)
		}

		_, err := p.Resend(t.Context(), "trg_a", 1)
		refusedAs(t, "resend to a disabled endpoint", err, "endpoint_disabled")
		yes := true
		if s, err := e.Change(t.Context(), 1, Wish{Enabled: &yes}, now); err != nil || !s.Enabled || s.FailingSince != nil {
			t.Fatalf("enabled %+v, %v", s, err)
		}
		if _, err := p.Resend(t.Context(), "trg_a", 1); err != nil {
			t.Fatal(err)
		}
		run()
		if s := state(); !s.Enabled || !s.FailingSince.Equal(now) {
			t.Errorf("after one more failure %+v", s)
		}
		working = true
		now = now.Add(5 * time.Second)
		run()
		if s := state(); s.FailingSince != nil || !s.LastSuccessAt.Equal(now) {
			t.Errorf("after a success %+v", s)
		}
	})
}

// What we break off, or never begin, is not the endpoint's fault.
func TestOurOwnFailuresAreNotTheEndpoints(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		p.receiver.answer = func(string, int) *answer { return &answer{status: 200, delay: time.Hour} }
		p.told.add(1, "trg_1")
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.Run(t.Context(), time.Now(), database.Lease{}) // it says that it was broken off
		}()
		eventually(t, "an attempt is under way", func() bool { return len(p.receiver.attempts()) == 1 })
		p.cancel()
		<-done
		p.workers.Wait()
		if got := testdb.Rows(t, db, "SELECT failing_since, last_attempt_at FROM endpoints"); got != "failing_since  last_attempt_at\n0              0\n" {
			t.Errorf("health\n%s", got)
		}
		if got := testdb.Rows(t, db, "SELECT result, error FROM delivery_attempts"); !strings.Contains(got, "retry") || !strings.Contains(got, "canceled") {
			t.Errorf("attempt\n%s", got)
		}
	})
}
