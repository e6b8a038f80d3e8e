package jobs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/postoffice"
	"cartwright/fixtures/testdb"
	"cartwright/jobs/mail"
	"cartwright/sessions/database"
)

// careless is the control: it takes an outcome that nobody knows for a failure, as
// webhooks may and mails must not.
type careless struct{ Mailer }

func (c careless) Send(ctx context.Context, m mail.Message) mail.Outcome {
	o := c.Mailer.Send(ctx, m)
	if o.Result == mail.Unknown {
		o.Result = mail.Retry
	}
	return o
}

// troubles is what an SMTP server may do to the first mails, before it is well again.
func troubles() map[string]func(s postoffice.Stage, n int) postoffice.Act {
	list := map[string]func(s postoffice.Stage, n int) postoffice.Act{}
	for _, stage := range postoffice.Stages() {
		for name, act := range map[string]postoffice.Act{"hangs up": {HangUp: true}, "answers 451": {Code: 451}, "answers 554": {Code: 554}} {
			if act.Code != 0 && (stage == postoffice.Connected || stage == postoffice.Middle) {
				continue // nothing is answered there
			}
			list[string(stage)+" "+name] = func(s postoffice.Stage, n int) postoffice.Act {
				if s == stage && n <= 3 {
					return act
				}
				return postoffice.Act{}
			}
		}
	}
	return list
}

// twice mails five triggers through an office in trouble until all have ended, and
// returns how many letters came more than once, and how the mails ended.
func twice(t *testing.T, db *database.DB, trouble func(postoffice.Stage, int) postoffice.Act, careful func(Mailer) Mailer) (doubles int, ends string) {
	t.Helper()
	office := postoffice.Open(t, postoffice.Options{At: trouble})
	sender, err := mail.NewSender(mail.Options{Server: office.Address, Security: mail.Plain})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	now := noon
	m := newMailroom(t, db, func() time.Time { return now }, careful(sender))
	m.told.add(1, "trg_1", "trg_2", "trg_3", "trg_4", "trg_5")
	for range 8 {
		m.run()
		now = now.Add(15 * time.Hour / 2)
	}
	m.Close(t.Context())
	came := map[string]int{}
	for _, l := range office.Letters() {
		id, _, _ := strings.Cut(string(l.Data), "\r\n")
		came[id]++
	}
	for _, n := range came {
		if n > 1 {
			doubles++
		}
	}
	status := testdb.Rows(t, db, "SELECT status, count(*) AS n FROM mails GROUP BY 1 ORDER BY 1")
	return doubles, fmt.Sprintf("%d letters; %s", len(came), strings.Join(strings.Fields(status)[2:], " "))
}

// Whatever the server does at whatever stage, no mail comes twice, and none is lost
// that is not seen to be.
func TestNoMailTwice(t *testing.T) {
	for name, trouble := range troubles() {
		t.Run(name, func(t *testing.T) {
			want := "5 letters; delivered 5"
			switch name {
			case string(postoffice.Arrived) + " hangs up":
				want = "5 letters; delivered 2 unknown 3"
			case string(postoffice.Arrived) + " answers 554", string(postoffice.To) + " answers 554":
				want = "2 letters; delivered 2 refused 3"
			}
			doubles, ends := twice(t, testdb.SQLite(t), trouble, func(m Mailer) Mailer { return m })
			if strings.HasPrefix(name, string(postoffice.Middle)) {
				// As much of a letter as the network's buffers hold is gone when the server hangs
				// up: of one that was gone whole, its end included, nobody knows.
				want = ends
			}
			if doubles != 0 || ends != want {
				t.Errorf("%d came twice; %s, want %s", doubles, ends, want)
			}
		})
	}
}

func TestNoMailTwiceControl(t *testing.T) {
	doubles, ends := twice(t, testdb.SQLite(t), troubles()[string(postoffice.Arrived)+" hangs up"], func(m Mailer) Mailer { return careless{m} })
	if doubles != 3 || ends != "5 letters; delivered 5" {
		t.Errorf("a careless mailer sent %d twice; %s: the test cannot fail", doubles, ends)
	}
}

// dying sends a mail, or not, and is then as if its process had been killed: the
// outcome is never noted in time.
type dying struct {
	Mailer
	before  bool // it dies before it sends
	reached chan struct{}
	release chan struct{}
}

func (d *dying) Send(ctx context.Context, m mail.Message) mail.Outcome {
	var o mail.Outcome
	if !d.before {
		o = d.Mailer.Send(ctx, m)
	}
	close(d.reached)
	<-d.release
	return o
}

// killed lets the program die while it mails, starts it again, and returns how many
// letters came. After the death meddle may change the database.
func killed(t *testing.T, db *database.DB, before bool, meddle func(*gorm.DB) error) (letters int, ends string) {
	t.Helper()
	office := postoffice.Open(t, postoffice.Options{})
	sender, err := mail.NewSender(mail.Options{Server: office.Address, Security: mail.Plain})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	now := noon
	d := &dying{sender, before, make(chan struct{}), make(chan struct{})}
	m := newMailroom(t, db, func() time.Time { return now }, d)
	m.told.add(1, "trg_1")
	if _, err := m.Run(t.Context(), now, database.Lease{}); err != nil {
		t.Fatal(err)
	}
	<-d.reached
	dead := m.Mailing
	m.open(sender)
	if err := db.Write(t.Context(), meddle); err != nil {
		t.Fatal(err)
	}
	now = now.Add(MailClaim - time.Millisecond)
	m.run()
	now = now.Add(time.Millisecond)
	m.run()
	now = now.Add(24 * time.Hour)
	m.run()
	close(d.release) // what the dead one would still have noted spoils nothing
	dead.Close(t.Context())
	m.Close(t.Context())
	ends = testdb.Rows(t, db, "SELECT status, attempts, last_error FROM mails")
	m.logged(fmt.Sprintf(`{"channel":"email","trigger_id":"trg_1","endpoint_id":0,"outcome":%q,%s}`, strings.Fields(ends)[3], tail(ends)))
	return len(office.Letters()), ends
}

// tail is the rest of the event of a mail that ended as these rows say.
func tail(rows string) string {
	if strings.Contains(rows, "unknown") {
		return `"reason":"the program ended while it was sent","attempts":1`
	}
	return `"attempts":2,"status_code":250`
}

func TestAMailIsNotSentAgainAfterACrash(t *testing.T) {
	for before, want := range map[bool]int{false: 1, true: 0} {
		t.Run(fmt.Sprint("before it sent ", before), func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, db *database.DB) {
				letters, ends := killed(t, db, before, func(*gorm.DB) error { return nil })
				if letters != want || !strings.Contains(ends, "unknown  1         the program ended while it was sent") {
					t.Errorf("%d letters came, want %d; it ended\n%s", letters, want, ends)
				}
			})
		})
	}
}

// The control: were the mail treated as webhooks are, as one to be sent again, it would
// come twice.
func TestAMailIsNotSentAgainAfterACrashControl(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		letters, ends := killed(t, db, false, func(tx *gorm.DB) error {
			return tx.Exec("UPDATE mails SET status = 'pending', next_attempt_at = 1").Error
		})
		if letters != 2 {
			t.Errorf("%d letters came: the test cannot fail\n%s", letters, ends)
		}
	})
}

// What became of a mail is noted also by a process that lost its lease while it sent:
// nobody else knows, and nobody else has the mail until the claim runs out.
func TestAnOutcomeIsNotedAfterTheLeaseWasLost(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		held, err := db.NewHolder().Take(t.Context(), "job:mail")
		if err != nil {
			t.Fatal(err)
		}
		d := &dying{nil, true, make(chan struct{}), make(chan struct{})}
		m := newMailroom(t, db, func() time.Time { return noon }, deliveredBy(d))
		m.told.add(1, "trg_1", "trg_2", "trg_3", "trg_4", "trg_5")
		if _, err := m.Run(t.Context(), noon, held["job:mail"]); err != nil {
			t.Fatal(err)
		}
		<-d.reached
		endLeases(t, db)
		close(d.release)
		m.workers.Wait()
		got := testdb.Rows(t, db, "SELECT status, count(*) AS n FROM mails GROUP BY 1 ORDER BY 1")
		if got != "status     n\ndelivered  4\npending    1\n" {
			t.Errorf("after the lease was lost\n%s", got)
		}
	})
}

// deliveredBy delivers mails once d is released; d is told of the first.
func deliveredBy(d *dying) Mailer { return waiting{d, new(sync.Once)} }

type waiting struct {
	*dying
	once *sync.Once
}

func (w waiting) Send(context.Context, mail.Message) mail.Outcome {
	w.once.Do(func() { close(w.reached) })
	<-w.release
	return mail.Outcome{Result: mail.Delivered, Code: 250}
}
