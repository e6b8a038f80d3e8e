package jobs

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

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/jobs/mail"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// mailroom is everything that mailing needs, over one database.
type mailroom struct {
	*Mailing
	t     *testing.T
	db    *database.DB
	log   *sessions.Log
	told  *mailed
	clock func() time.Time
	desk  *desk
}

// mailed stands in for the carts: triggers that go out by mail.
type mailed struct{ told }

func (s *mailed) add(seq sessions.Seq, ids ...string) {
	s.told.add(seq, ids...)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.list {
		if slices.Contains(ids, s.list[i].ID) {
			s.list[i].Channels, s.list[i].Kind = []cart.Channel{cart.Email}, cart.StepDue
			s.list[i].At = sessions.MillisOf(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		}
	}
}

// Compose writes a mail without asking anybody.
func (s *mailed) Compose(_ *gorm.DB, t cart.Trigger, _ sessions.Millis) (Writing, cart.Verdict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reason, wrong := s.wrong["mail "+t.ID]; wrong {
		return nil, cart.Verdict{Outcome: cart.Suppress, Reason: cart.Reason(reason)}, nil
	}
	return func(context.Context) (mail.Message, error) {
		if strings.HasPrefix(t.ID, "unwritable") {
			return mail.Message{}, errors.New("a template failed")
		}
		return mail.Message{ID: t.ID + "@shop.example", From: "shop@shop.example", To: "anna@mail.example",
			Data: []byte("Message-ID: <" + t.ID + "@shop.example>\r\n\r\n" + strings.Repeat("mugs\r\n", 300_000))}, nil
	}, cart.Verdict{Outcome: cart.Fire}, nil
}

// desk stands in for the SMTP server, inside the process.
type desk struct {
	mu     sync.Mutex
	begun  time.Time
	clock  func() time.Time
	got    []string
	answer func(n int, m mail.Message) mail.Outcome // n: the number of the mail, from 1; nil: delivered
}

func (d *desk) Send(_ context.Context, m mail.Message) mail.Outcome {
	d.mu.Lock()
	id, _, _ := strings.Cut(m.ID, "@")
	d.got = append(d.got, fmt.Sprint(d.clock().Sub(d.begun).Truncate(time.Second), " ", id))
	n, answer := len(d.got), d.answer
	d.mu.Unlock()
	if answer == nil {
		return mail.Outcome{Result: mail.Delivered, Code: 250}
	}
	return answer(n, m)
}

func (d *desk) sent() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.got, ", ")
}

// newMailroom opens a shop's mailing. Without a mailer mails go to a desk.
func newMailroom(t *testing.T, db *database.DB, clock func() time.Time, mailer Mailer) *mailroom {
	t.Helper()
	if clock == nil {
		clock = time.Now
	}
	log, err := sessions.OpenLog(t.Context(), db, sessions.LogOptions{Now: clock, Watch: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	m := &mailroom{t: t, db: db, log: log, clock: clock, told: &mailed{told{wrong: map[string]string{}}}, desk: &desk{begun: clock(), clock: clock}}
	m.open(mailer)
	t.Cleanup(func() { m.Close(context.Background()); m.log.Close() })
	return m
}

// open begins a new life of the program.
func (m *mailroom) open(mailer Mailer) {
	if mailer == nil {
		mailer = m.desk
	}
	m.Mailing = NewMailing(MailingOptions{Database: m.db, Log: m.log, Triggers: m.told, Recheck: m.told, Composer: m.told, Mailer: mailer, Now: m.clock})
}

func (m *mailroom) run() Report {
	m.t.Helper()
	report, err := m.Run(m.t.Context(), m.clock(), database.Lease{})
	if err != nil {
		m.t.Error(err)
	}
	m.workers.Wait()
	return report
}

func (m *mailroom) rows(want string) {
	m.t.Helper()
	got := testdb.Rows(m.t, m.db, "SELECT trigger_id, status, attempts, code, last_error FROM mails ORDER BY trigger_id")
	if got != want {
		m.t.Errorf("mails\n%swant\n%s", got, want)
	}
}

func (m *mailroom) logged(want ...string) {
	m.t.Helper()
	p := post{t: m.t, log: m.log}
	p.logged(want...)
}

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
		m.told.add(1, "ordered", "unsubscribed", "fine", "unwritable")
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
