package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
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
		if t.ID == "panics" {
			panic("a mistake")
		}
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
