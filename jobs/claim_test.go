package jobs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// The program dies between claim and result: the message is sent again, under the
// same id, after the claim's time; and a result that comes too late spoils nothing.
func TestLostAttemptIsMadeAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		p := newPost(t, db, func() time.Time { return now }, "a.example")
		p.told.add(1, "trg_1")
		if _, err := p.fanOut(t.Context(), database.Lease{}, sessions.MillisOf(now)); err != nil {
			t.Fatal(err)
		}
		lost, err := p.claim(t.Context(), 1, database.Lease{}, 0)
		if err != nil || len(lost.attempts) != 1 {
			t.Fatalf("claimed %+v, %v", lost, err)
		}
		p.Close(t.Context())
		p.open()

		now = now.Add(ClaimTimeout - time.Millisecond)
		p.run()
		if got := p.receiver.attempts(); len(got) != 0 {
			t.Fatalf("sent before the claim ran out: %v", got)
		}
		now = now.Add(time.Millisecond)
		p.run()
		p.Close(t.Context())
		if got := p.receiver.attempts(); len(got) != 1 || !strings.HasSuffix(got[0], "trg_1") {
			t.Fatalf("sent %v", got)
		}
		lost.attempts[0].outcome = webhook.Outcome{Result: webhook.Retry, Reason: "late"}
		if ended, err := p.settle(t.Context(), database.Lease{}, lost.attempts); err != nil || len(ended) != 0 {
			t.Errorf("the late result ended %v, %v", ended, err)
		}
		p.rows(`trigger_id  endpoint  status     attempts  code  last_error
trg_1       1         delivered  2         200   ""
`)
		p.logged(`{"trigger_id":"trg_1","endpoint_id":1,"outcome":"delivered","attempts":2,"status_code":200}`)
	})
}

func TestLastAttemptLostFails(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		p := newPost(t, db, func() time.Time { return now }, "a.example")
		p.told.add(1, "trg_1")
		if _, err := p.fanOut(t.Context(), database.Lease{}, sessions.MillisOf(now)); err != nil {
			t.Fatal(err)
		}
		for range webhook.Attempts {
			if c, err := p.claim(t.Context(), 1, database.Lease{}, 0); err != nil || len(c.attempts) != 1 {
				t.Fatalf("claimed %+v, %v", c, err)
			}
			now = now.Add(ClaimTimeout)
		}
		if c, err := p.claim(t.Context(), 1, database.Lease{}, 0); err != nil || len(c.attempts) != 0 || len(c.ended) != 1 {
			t.Fatalf("claimed %+v, %v", c, err)
		}
		p.rows(`trigger_id  endpoint  status  attempts  code  last_error
trg_1       1         failed  10        0     the outcome of the last attempt is not known
`)
	})
}

// A result that arrives although the claim ran out still counts when it says that
// the message arrived: it is not sent once more.
func TestLateDeliveryCounts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		p := newPost(t, db, func() time.Time { return now }, "a.example")
		p.told.add(1, "trg_1")
		if _, err := p.fanOut(t.Context(), database.Lease{}, sessions.MillisOf(now)); err != nil {
			t.Fatal(err)
		}
		first, err := p.claim(t.Context(), 1, database.Lease{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(ClaimTimeout)
		second, err := p.claim(t.Context(), 1, database.Lease{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		first.attempts[0].outcome = webhook.Outcome{Result: webhook.Delivered, Status: 200}
		second.attempts[0].outcome = webhook.Outcome{Result: webhook.Retry, Reason: "no answer"}
		for _, c := range []claimed{first, second} {
			if _, err := p.settle(t.Context(), database.Lease{}, c.attempts); err != nil {
				t.Fatal(err)
			}
		}
		p.rows(`trigger_id  endpoint  status     attempts  code  last_error
trg_1       1         delivered  2         200   ""
`)
		p.logged(`{"trigger_id":"trg_1","endpoint_id":1,"outcome":"delivered","attempts":1,"status_code":200}`)
	})
}

// A failure that is noted after the claim ran out does not touch the attempt that
// is under way since.
func TestLateFailureIsDropped(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		p := newPost(t, db, func() time.Time { return now }, "a.example")
		p.told.add(1, "trg_1")
		if _, err := p.fanOut(t.Context(), database.Lease{}, sessions.MillisOf(now)); err != nil {
			t.Fatal(err)
		}
		first, err := p.claim(t.Context(), 1, database.Lease{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(ClaimTimeout)
		if _, err := p.claim(t.Context(), 1, database.Lease{}, 0); err != nil {
			t.Fatal(err)
		}
		first.attempts[0].outcome = webhook.Outcome{Result: webhook.Retry, Reason: "late"}
		if _, err := p.settle(t.Context(), database.Lease{}, first.attempts); err != nil {
			t.Fatal(err)
		}
		p.rows(`trigger_id  endpoint  status   attempts  code  last_error
trg_1       1         sending  2         0     ""
`)
	})
}

// However often the job runs, an endpoint has one worker and few messages at once.
func TestMessagesInFlightAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		p.receiver.answer = func(string, int) *answer { return &answer{status: 200, delay: 5 * time.Second} }
		for i := range 3 * inFlight {
			p.told.add(sessions.Seq(i+1), fmt.Sprintf("trg_%02d", i))
		}
		p.live(4 * time.Second)
		if n := len(p.receiver.attempts()); n != inFlight {
			t.Errorf("%d messages under way at once", n)
		}
		p.live(12 * time.Second)
		if n := len(p.receiver.attempts()); n != 3*inFlight {
			t.Errorf("%d messages sent", n)
		}
	})
}

// An endpoint that is no longer configured gets nothing more, however much was on
// the way to it.
func TestRemovedEndpointGetsNothingMore(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		for i := range 3*inFlight + 1 {
			p.told.add(sessions.Seq(i+1), fmt.Sprintf("trg_%02d", i))
		}
		if _, err := p.fanOut(t.Context(), database.Lease{}, sessions.MillisOf(time.Now().Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		p.configure()
		p.run()
		p.Close(t.Context())
		if got := p.receiver.attempts(); len(got) != 0 {
			t.Errorf("sent %v", got)
		}
		got := testdb.Rows(t, db, "SELECT status, last_error AS error, count(*) AS n, max(next_attempt_at) AS next FROM deliveries GROUP BY 1, 2")
		want := `status     error                                     n   next
cancelled  the endpoint is disabled: not configured  25  0
`
		if got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// A process that slept between claim and attempt says nothing: somebody else may have
// claimed the message since, or an order may have come in.
func TestAClaimThatRanOutIsNotSent(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		p := newPost(t, db, func() time.Time { return now }, "a.example")
		p.told.add(1, "trg_1")
		if _, err := p.fanOut(t.Context(), database.Lease{}, sessions.MillisOf(now)); err != nil {
			t.Fatal(err)
		}
		slept, err := p.claim(t.Context(), 1, database.Lease{}, 0)
		if err != nil || len(slept.attempts) != 1 {
			t.Fatalf("claimed %+v, %v", slept, err)
		}
		now = now.Add(ClaimTimeout + time.Second)
		p.told.suppress("trg_1", "order_of_cart")
		p.run() // another process
		if err := p.sendAll(database.Lease{}, slept.attempts); err != nil {
			t.Fatal(err)
		}
		if got := p.receiver.attempts(); len(got) != 0 {
			t.Errorf("sent %v", got)
		}
		p.rows(`trigger_id  endpoint  status      attempts  code  last_error
trg_1       1         suppressed  1         0     order_of_cart
`)
	})
}
