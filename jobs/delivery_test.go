package jobs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func TestEveryEndpointIsToldOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example", "b.example")
		p.told.add(1, "trg_1")
		p.told.add(2, "trg_2", "trg_3")
		for range 3 {
			p.run()
		}
		p.Close(t.Context())
		p.rows(`trigger_id  endpoint  status     attempts  code  last_error
trg_1       1         delivered  1         200   ""
trg_1       2         delivered  1         200   ""
trg_2       1         delivered  1         200   ""
trg_2       2         delivered  1         200   ""
trg_3       1         delivered  1         200   ""
trg_3       2         delivered  1         200   ""
`)
		p.logged(
			`{"trigger_id":"trg_1","endpoint_id":1,"outcome":"delivered","attempts":1,"status_code":200}`,
			`{"trigger_id":"trg_1","endpoint_id":2,"outcome":"delivered","attempts":1,"status_code":200}`,
			`{"trigger_id":"trg_2","endpoint_id":1,"outcome":"delivered","attempts":1,"status_code":200}`,
			`{"trigger_id":"trg_2","endpoint_id":2,"outcome":"delivered","attempts":1,"status_code":200}`,
			`{"trigger_id":"trg_3","endpoint_id":1,"outcome":"delivered","attempts":1,"status_code":200}`,
			`{"trigger_id":"trg_3","endpoint_id":2,"outcome":"delivered","attempts":1,"status_code":200}`,
		)
		if len(p.receiver.faults) > 0 {
			t.Errorf("signatures: %v", p.receiver.faults)
		}
	})
}

// However many triggers follow from one event, none is passed over.
func TestTriggersOfOneEventStayTogether(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		n := 0
		for seq, size := range []int{1, relayBatch - 2, 3, 3*relayBatch + 1, 1} {
			for range size {
				n++
				p.told.add(sessions.Seq(seq+1), fmt.Sprintf("trg_%05d", n))
			}
		}
		made, err := p.fanOut(t.Context(), database.Lease{}, 1)
		if err != nil || made != int64(n) {
			t.Fatalf("made %d of %d, %v", made, n, err)
		}
		if again, err := p.fanOut(t.Context(), database.Lease{}, 1); err != nil || again != 0 {
			t.Errorf("made %d again, %v", again, err)
		}
		want := fmt.Sprintf("n     seq\n%d  5\n", n)
		if got := testdb.Rows(t, db, "SELECT count(*) AS n, (SELECT seq FROM delivery_cursor) AS seq FROM deliveries"); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

func TestRetriesFollowTheSchedule(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		p.receiver.answer = func(string, int) *answer { return &answer{status: 500} }
		p.told.add(1, "trg_1")
		at := []time.Duration{0}
		for _, wait := range []string{"5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"} {
			d, _ := time.ParseDuration(wait)
			at = append(at, at[len(at)-1]+d)
		}
		// Run the job when something may be due instead of each second for days.
		for _, due := range append(at, at[len(at)-1]+100*time.Hour) {
			pass(due - time.Second - time.Since(p.receiver.begun))
			p.run()
			pass(time.Second)
			p.run()
		}
		var want []string
		for _, d := range at {
			want = append(want, d.String()+" a.example trg_1")
		}
		if got := p.receiver.attempts(); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("attempts\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		p.rows(`trigger_id  endpoint  status  attempts  code  last_error
trg_1       1         failed  10        500   the endpoint answered 500 Internal Server Error
`)
		p.logged(`{"trigger_id":"trg_1","endpoint_id":1,"outcome":"failed","reason":"the endpoint answered 500 Internal Server Error","attempts":10,"status_code":500}`)
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		p.receiver.answer = func(_ string, n int) *answer {
			if n == 1 {
				return &answer{status: 429, after: "90"}
			}
			return nil
		}
		p.told.add(1, "trg_1")
		p.live(2 * time.Minute)
		if got := strings.Join(p.receiver.attempts(), ", "); got != "0s a.example trg_1, 1m30s a.example trg_1" {
			t.Errorf("attempts %s", got)
		}
	})
}

func TestGoneEndpointIsDisabled(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example", "b.example")
		p.receiver.answer = func(host string, n int) *answer {
			switch {
			case host == "a.example" && n == 1:
				return &answer{status: 503, after: "3600"}
			case host == "a.example":
				return &answer{status: 410}
			}
			return nil
		}
		p.told.add(1, "trg_1")
		p.live(2 * time.Second)
		p.told.add(2, "trg_2")
		p.live(2 * time.Second)
		p.told.add(3, "trg_3")
		p.live(2 * time.Second)
		p.rows(`trigger_id  endpoint  status     attempts  code  last_error
trg_1       1         cancelled  1         503   the endpoint is disabled: gone
trg_1       2         delivered  1         200   ""
trg_2       1         failed     1         410   the endpoint answered 410 Gone
trg_2       2         delivered  1         200   ""
trg_3       2         delivered  1         200   ""
`)
	})
}

// An endpoint that never answers has its own worker; the other's triggers arrive
// within a second all the same, and no run of the job is skipped.
func TestDeadEndpointDelaysNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "dead.example", "live.example")
		p.receiver.answer = func(host string, _ int) *answer {
			if host == "dead.example" {
				return &answer{status: 200, delay: time.Hour}
			}
			return nil
		}
		r, stop := started(t, db, p.Job("@every 1s"))
		for i := range 10 {
			p.told.add(sessions.Seq(i+1), fmt.Sprint("trg_", i))
			pass(time.Second)
		}
		var live []string
		for _, a := range p.receiver.attempts() {
			if strings.Contains(a, "live") {
				live = append(live, a)
			}
		}
		if err := r.Stop(t.Context()); err != nil { // the lease stays: the worker goes on
			t.Error(err)
		}
		for i := range live {
			if want := fmt.Sprintf("%ds live.example trg_%d", i+1, i); i > 0 && live[i] != want {
				t.Errorf("attempt %q, want %q", live[i], want)
			}
		}
		if len(live) != 10 || r.Status()[0].Runs != 11 {
			t.Errorf("%d messages arrived in %d runs", len(live), r.Status()[0].Runs)
		}
		pass(10 * time.Second) // the attempt at the dead endpoint is given up after 15 s
		p.Close(t.Context())
		stop()
		if got := testdb.Rows(t, db, "SELECT status, last_error FROM deliveries WHERE endpoint_id = 1 AND attempts > 0"); !strings.Contains(got, "no answer within 15s") {
			t.Errorf("at the dead endpoint\n%s", got)
		}
	})
}

// Whether a message is right is asked with what is on its way at that moment, also in the
// same transaction.
func TestTheRecheckKnowsWhatIsOnItsWay(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example", "b.example")
		p.receiver.answer = func(string, int) *answer { return &answer{status: 200, delay: 5 * time.Second} }
		p.told.add(1, "trg_1", "trg_2")
		p.live(2 * time.Second)
		for _, want := range []string{"trg_1 beside []", "trg_2 beside [trg_1]", "trg_1 beside [trg_"} {
			if !slices.ContainsFunc(p.told.sending, func(s string) bool { return strings.HasPrefix(s, want) }) {
				t.Errorf("asked %q, not %q", p.told.sending, want)
			}
		}
		p.live(time.Hour)
		p.told.add(2, "trg_3")
		p.live(time.Second)
		if last := p.told.sending[len(p.told.sending)-1]; !strings.HasSuffix(last, "[]") && !strings.HasSuffix(last, "[trg_3]") {
			t.Errorf("an hour later: %q", p.told.sending)
		}
	})
}

// A shopper's order between two attempts stops the second.
func TestRecheckedBeforeEachAttempt(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		p.receiver.answer = func(string, int) *answer { return &answer{status: 500} }
		p.told.add(1, "trg_1")
		p.live(2 * time.Second)
		p.told.suppress("trg_1", "order_of_cart")
		p.live(time.Hour)
		if n := len(p.receiver.attempts()); n != 1 {
			t.Errorf("%d attempts", n)
		}
		p.rows(`trigger_id  endpoint  status      attempts  code  last_error
trg_1       1         suppressed  1         500   order_of_cart
`)
		p.logged(`{"trigger_id":"trg_1","endpoint_id":1,"outcome":"suppressed","reason":"order_of_cart","attempts":1,"status_code":500}`)
	})
}

// A mistake of ours in an attempt is one attempt that failed: the program goes on, and
// so do the other messages.
func TestAPanicInAnAttemptIsOneThatFailed(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		p.receiver.answer = func(_ string, n int) *answer {
			if n == 1 {
				panic("a mistake")
			}
			return &answer{status: 200}
		}
		p.told.add(1, "trg_1")
		p.told.add(2, "trg_2")
		p.live(2 * time.Second)
		if got := testdb.Rows(t, db, "SELECT status, COUNT(*) AS n FROM deliveries GROUP BY status ORDER BY status"); got != "status     n\ndelivered  1\npending    1\n" {
			t.Errorf("after the panic\n%s", got)
		}
		if got := testdb.Rows(t, db, "SELECT last_error FROM deliveries WHERE status = 'pending'"); got != "last_error\npanic: a mistake\n" {
			t.Errorf("the failed one says\n%s", got)
		}
		p.live(time.Hour)
		if got := testdb.Rows(t, db, "SELECT status, SUM(attempts) AS attempts FROM deliveries GROUP BY status"); got != "status     attempts\ndelivered  3\n" {
			t.Errorf("an hour later\n%s", got)
		}
	})
}

func TestCloseWaitsForAttemptsUnderWay(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, nil, "a.example")
		p.receiver.answer = func(string, int) *answer { return &answer{status: 200, delay: 5 * time.Second} }
		p.told.add(1, "trg_1")
		p.run()
		p.Close(t.Context())
		p.told.add(2, "trg_2")
		p.run()
		synctest.Wait()
		p.rows(`trigger_id  endpoint  status     attempts  code  last_error
trg_1       1         delivered  1         200   ""
trg_2       1         pending    0         0     ""
`)
	})
}

func TestOldDeliveriesArePruned(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		for id, ended := range map[string]int64{"open": 0, "old": 999, "new": 1000} {
			row := deliveryRow{TriggerID: id, EndpointID: 1, Status: Delivered, EndedAt: ended}
			if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&row).Error }); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := pruneDeliveries(t.Context(), db, database.Lease{}, 1000); n != 1 || err != nil {
			t.Errorf("pruned %d, %v", n, err)
		}
		if got := testdb.Rows(t, db, "SELECT trigger_id FROM deliveries ORDER BY 1"); got != "trigger_id\nnew\nopen\n" {
			t.Errorf("kept\n%s", got)
		}
	})
}
