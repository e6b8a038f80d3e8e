package jobs

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// What ended is sent again under its id, with a whole schedule before it, while it is right.
func TestResend(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		p := newPost(t, db, func() time.Time { return now }, "a.example")
		p.receiver.verify = nil // which looks at the machine's clock
		p.receiver.answer = func(string, int) *answer { return &answer{status: 500} }
		p.told.add(1, "trg_1")
		run := func(times int) {
			for range times {
				p.run()
				p.workers.Wait()
				now = now.Add(25 * time.Hour)
			}
		}
		run(webhook.Attempts + 2)
		if n := len(p.receiver.attempts()); n != webhook.Attempts {
			t.Fatalf("%d attempts", n)
		}
		if _, err := p.Resend(t.Context(), "trg_1", 1); err != nil {
			t.Fatal(err)
		}
		run(webhook.Attempts + 2)
		if n := len(p.receiver.attempts()); n != 2*webhook.Attempts {
			t.Errorf("%d attempts after it was asked for again", n)
		}
		p.receiver.answer = nil
		if _, err := p.Resend(t.Context(), "trg_1", 1); err != nil {
			t.Fatal(err)
		}
		run(1)
		p.rows(`trigger_id  endpoint  status     attempts  code  last_error
trg_1       1         delivered  21        200   ""
`)
		p.logged(
			`{"trigger_id":"trg_1","endpoint_id":1,"outcome":"delivered","attempts":21,"status_code":200}`,
			`{"trigger_id":"trg_1","endpoint_id":1,"outcome":"failed","reason":"the endpoint answered 500 Internal Server Error","attempts":10,"status_code":500}`,
			`{"trigger_id":"trg_1","endpoint_id":1,"outcome":"failed","reason":"the endpoint answered 500 Internal Server Error","attempts":20,"status_code":500}`,
		)
		for _, a := range p.receiver.attempts() {
			if !strings.HasSuffix(a, " trg_1") {
				t.Errorf("sent under another id: %s", a)
			}
		}
		log, err := NewEndpoints(db, webhook.Options{}, nil).Delivery(t.Context(), "trg_1", 1)
		if err != nil || len(log.Log) != 21 || log.Log[20].Result != "delivered" || log.Log[19].Result != "retry" || !strings.Contains(log.Log[0].Body, `"trigger_id":"trg_1"`) {
			t.Errorf("log %+v, %v", log, err)
		}
	})
}

func TestResendIsRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		p.told.add(1, "trg_1")
		if _, err := p.Resend(t.Context(), "trg_1", 1); !errors.Is(err, sessions.ErrNotFound) {
			t.Errorf("before there is a delivery: %v", err)
		}
		if _, err := p.fanOut(t.Context(), database.Lease{}, sessions.MillisOf(time.Now())); err != nil {
			t.Fatal(err)
		}
		c, err := p.claim(t.Context(), 1, database.Lease{}, 0)
		if err != nil || len(c.attempts) != 1 {
			t.Fatal(c, err)
		}
		_, err = p.Resend(t.Context(), "trg_1", 1)
		refusedAs(t, "while it is sent", err, "delivery_under_way")
		e := NewEndpoints(db, webhook.Options{}, nil)
		log, err := e.Delivery(t.Context(), "trg_1", 1)
		if err != nil || len(log.Log) != 1 || log.Log[0].Result != "under_way" || log.Log[0].TookMS != nil {
			t.Errorf("while it is sent %+v, %v", log, err)
		}
		c.attempts[0].outcome = webhook.Outcome{Result: webhook.Delivered, Status: 200}
		if _, err := p.settle(t.Context(), database.Lease{}, c.attempts); err != nil {
			t.Fatal(err)
		}
		p.told.suppress("trg_1", "cart_closed")
		_, err = p.Resend(t.Context(), "trg_1", 1)
		refusedAs(t, "what is no longer right", err, "delivery_not_right")
		if !strings.Contains(err.Error(), "cart_closed") {
			t.Errorf("the reason is missing in %v", err)
		}
		p.told.list = nil
		_, err = p.Resend(t.Context(), "trg_1", 1)
		refusedAs(t, "without its trigger", err, "trigger_missing")
		if got := testdb.Rows(t, db, "SELECT status, attempts FROM deliveries"); got != "status     attempts\ndelivered  1\n" {
			t.Errorf("changed\n%s", got)
		}
	})
}

// An attempt whose process died is on record, and told to be unknown.
func TestALostAttemptIsOnRecord(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		p := newPost(t, db, func() time.Time { return now }, "a.example")
		p.receiver.verify = nil // which looks at the machine's clock
		p.told.add(1, "trg_1")
		if _, err := p.fanOut(t.Context(), database.Lease{}, sessions.MillisOf(now)); err != nil {
			t.Fatal(err)
		}
		if _, err := p.claim(t.Context(), 1, database.Lease{}, 0); err != nil {
			t.Fatal(err)
		}
		now = now.Add(ClaimTimeout)
		p.run()
		p.workers.Wait()
		log, err := NewEndpoints(db, webhook.Options{}, nil).Delivery(t.Context(), "trg_1", 1)
		if err != nil || len(log.Log) != 2 || log.Log[0].Result != "unknown" || log.Log[1].Result != "delivered" {
			t.Errorf("log %+v, %v", log, err)
		}
		n, err := pruneAttempts(t.Context(), db, database.Lease{}, sessions.MillisOf(now))
		if got := testdb.Rows(t, db, "SELECT attempt FROM delivery_attempts"); n != 1 || err != nil || got != "attempt\n2\n" {
			t.Errorf("pruned %d, %v, left\n%s", n, err, got)
		}
	})
}
