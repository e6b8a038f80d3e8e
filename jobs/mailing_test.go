package jobs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/jobs/mail"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestMailsGoOutOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		m := newMailroom(t, db, func() time.Time { return noon }, nil)
		m.told.add(1, "trg_1")
		m.told.told.add(2, "trg_2") // for the endpoints alone
		m.told.add(3, "trg_3", "trg_4")
		for range 3 {
			m.run()
		}
		m.rows(`trigger_id  status     attempts  code  last_error
trg_1       delivered  1         250   ""
trg_3       delivered  1         250   ""
trg_4       delivered  1         250   ""
`)
		m.logged(
			`{"channel":"email","trigger_id":"trg_1","endpoint_id":0,"outcome":"delivered","attempts":1,"status_code":250}`,
			`{"channel":"email","trigger_id":"trg_3","endpoint_id":0,"outcome":"delivered","attempts":1,"status_code":250}`,
			`{"channel":"email","trigger_id":"trg_4","endpoint_id":0,"outcome":"delivered","attempts":1,"status_code":250}`,
		)
		if got := testdb.Rows(t, db, "SELECT trigger_id, message_id FROM mails WHERE trigger_id = 'trg_1'"); !strings.Contains(got, "trg_1@shop.example") {
			t.Errorf("the message's id is not kept\n%s", got)
		}
	})
}

// A trigger that only goes out by mail is not told to the endpoints.
func TestMailsAreNoWebhooks(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		p := newPost(t, db, time.Now, "a.example")
		p.told.add(1, "trg_1")
		p.told.add(2, "trg_2")
		p.told.list[0].Channels = []cart.Channel{cart.Email}
		p.run()
		p.workers.Wait()
		if got := strings.Join(p.receiver.attempts(), ", "); got != "0s a.example trg_2" {
			t.Errorf("told %s", got)
		}
	})
}

func TestMailRetries(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		m := newMailroom(t, db, nil, nil)
		begun := time.Now()
		m.told.add(1, "trg_1")
		m.told.list[0].At = sessions.MillisOf(begun)
		m.desk.answer = func(int, mail.Message) mail.Outcome {
			return mail.Outcome{Result: mail.Retry, Code: 451, Reason: "the server answered 451"}
		}
		at := []time.Duration{0}
		for _, wait := range mailSchedule() {
			at = append(at, at[len(at)-1]+wait)
		}
		var want []string
		for _, due := range append(slices.Clone(at), at[len(at)-1]+20*time.Hour) {
			pass(due - time.Second - time.Since(begun))
			m.run()
			pass(time.Second)
			m.run()
		}
		for _, d := range at {
			want = append(want, d.String()+" trg_1")
		}
		if got := m.desk.sent(); got != strings.Join(want, ", ") || at[len(at)-1] > 25*time.Hour {
			t.Errorf("attempts %s, want %s", got, want)
		}
		m.rows(`trigger_id  status  attempts  code  last_error
trg_1       failed  7         451   the server answered 451
`)
		m.logged(`{"channel":"email","trigger_id":"trg_1","endpoint_id":0,"outcome":"failed","reason":"the server answered 451","attempts":7,"status_code":451}`)
	})
}

// What was decided is asked again before each attempt, and so is whom it goes to.
func TestMailIsRecheckedBeforeEachAttempt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := noon
		m := newMailroom(t, db, func() time.Time { return now }, nil)
		m.told.add(1, "ordered", "unsubscribed", "fine", "unwritable", "panics")
		m.desk.answer = func(int, mail.Message) mail.Outcome { return mail.Outcome{Result: mail.Retry, Reason: "busy"} }
		m.run()
		m.told.suppress("ordered", "order_of_cart")
		m.told.suppress("mail unsubscribed", "unsubscribed")
		m.desk.answer = func(_ int, l mail.Message) mail.Outcome {
			return mail.Outcome{Result: mail.Refused, Code: 550, Reason: "no such user"}
		}
		now = now.Add(time.Minute)
		m.run()
		m.rows(`trigger_id    status      attempts  code  last_error
fine          refused     2         550   no such user
ordered       suppressed  1         0     order_of_cart
panics        pending     2         0     panic: a mistake
unsubscribed  suppressed  1         0     unsubscribed
unwritable    pending     2         0     a template failed
`)
		m.logged(
			`{"channel":"email","trigger_id":"fine","endpoint_id":0,"outcome":"refused","reason":"no such user","attempts":2,"status_code":550}`,
			`{"channel":"email","trigger_id":"ordered","endpoint_id":0,"outcome":"suppressed","reason":"order_of_cart","attempts":1}`,
			`{"channel":"email","trigger_id":"unsubscribed","endpoint_id":0,"outcome":"suppressed","reason":"unsubscribed","attempts":1}`,
		)
	})
}

func TestOldTriggersAreNotMailed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		now := noon.Add(latestMail)
		m := newMailroom(t, db, func() time.Time { return now }, nil)
		m.told.add(1, "just_in_time")
		m.run()
		now = now.Add(time.Millisecond)
		m.told.add(2, "too_late")
		m.run()
		m.rows(`trigger_id    status      attempts  code  last_error
just_in_time  delivered   1         250   ""
too_late      suppressed  0         0     too_late_to_mail
`)
	})
}

func TestMailingIsPaused(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		m := newMailroom(t, db, nil, nil)
		_, stop := started(t, db, m.Job("@every 1s"))
		pass(time.Second)
		order := Order{Job: MailJob, Who: "anna", Reason: "the shop moves"}
		if err := PauseJob(t.Context(), db, order, time.Now()); err != nil {
			t.Fatal(err)
		}
		m.told.add(1, "trg_1")
		m.told.list[0].At = sessions.MillisOf(time.Now())
		pass(time.Minute)
		if got := m.desk.sent(); got != "" {
			t.Errorf("during the pause it sent %s", got)
		}
		if err := ResumeJob(t.Context(), db, MailJob); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		stop()
		if got := m.desk.sent(); !strings.HasSuffix(got, " trg_1") {
			t.Errorf("after the pause it sent %q", got)
		}
	})
}

// A mail for whose answer the server takes its time holds up no other, and closing
// waits for it.
func TestASlowMailHoldsUpNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, db *database.DB) {
		m := newMailroom(t, db, nil, nil)
		m.desk.answer = func(n int, _ mail.Message) mail.Outcome {
			if n == 1 {
				time.Sleep(100 * time.Second)
			}
			return mail.Outcome{Result: mail.Delivered, Code: 250}
		}
		for i := range 20 {
			m.told.add(sessions.Seq(i+1), fmt.Sprintf("trg_%02d", i))
			m.told.list[i].At = sessions.MillisOf(time.Now())
		}
		if _, err := m.Run(t.Context(), time.Now(), database.Lease{}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if got := testdb.Rows(t, db, "SELECT status, count(*) AS n FROM mails GROUP BY 1 ORDER BY 1"); got != "status     n\ndelivered  19\nsending    1\n" {
			t.Errorf("after a second\n%s", got)
		}
		m.Close(t.Context())
		if got := testdb.Rows(t, db, "SELECT status, count(*) AS n FROM mails GROUP BY 1 ORDER BY 1"); got != "status     n\ndelivered  20\n" {
			t.Errorf("after closing\n%s", got)
		}
		m.told.add(99, "trg_99")
		if _, err := m.Run(t.Context(), time.Now(), database.Lease{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := len(m.desk.got); n != 20 {
			t.Errorf("%d mails were sent", n)
		}
	})
}

func TestTheOutboxOfMailsIsCounted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		rows := []mailRow{{TriggerID: "a", Status: Pending, CreatedAt: 5, NextAttemptAt: 1}, {TriggerID: "b", Status: Sending, CreatedAt: 3, NextAttemptAt: 1},
			{TriggerID: "c", Status: Delivered, CreatedAt: 1, EndedAt: 2}, {TriggerID: "d", Status: Unknown, EndedAt: 2}, {TriggerID: "e", Status: Unknown, EndedAt: 2}}
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(rows).Error }); err != nil {
			t.Fatal(err)
		}
		o, err := LoadMailOutbox(db.Read(t.Context()))
		if err != nil || o.Waiting != 2 || o.Oldest != 3 || o.Ended[Unknown] != 2 || o.Ended[Delivered] != 1 || len(o.Ended) != 2 {
			t.Errorf("%+v, %v", o, err)
		}
	})
}

// Mails that wait to be made, because their job is paused, wait as those that were made do.
func TestMailsThatWereNotMadeAreCounted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		m := newMailroom(t, db, nil, nil)
		m.told.add(1, "trg_1", "trg_2")
		m.told.told.add(2, "trg_hook")
		o, err := m.Outbox(t.Context())
		if err != nil || o.Waiting != 2 || o.Oldest != m.told.list[0].At {
			t.Errorf("%+v, %v", o, err)
		}
		if made, err := m.fanOut(t.Context(), database.Lease{}, 1); err != nil || made != 2 {
			t.Errorf("%d mails made, %v", made, err)
		}
		if o, err = m.Outbox(t.Context()); err != nil || o.Waiting != 2 || o.Oldest != 1 {
			t.Errorf("once they are made: %+v, %v", o, err)
		}
	})
}
