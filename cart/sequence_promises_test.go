package cart_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// person says who somebody was known to be when the log ended at a seq.
func (h *history) person(who string, at sessions.Seq) string {
	for _, e := range h.told {
		if e.kind == sessions.Identify && e.who == who && e.seq <= at {
			return customers[who]
		}
	}
	return who
}

// agreed says whether the newest word on mails to a customer was a grant.
func (h *history) agreed(customer string, at sessions.Seq) bool {
	agreed := false
	for _, e := range h.told {
		if e.consent != "" && e.seq <= at && customers[e.who] == customer {
			agreed = e.consent == sessions.MailGranted
		}
	}
	return agreed
}

// began returns who began what has the id of an event.
func (h *history) began(id int64) string {
	for _, e := range h.told {
		if int64(e.seq) == id {
			return e.who
		}
	}
	return ""
}

// sent is a step that was told.
type sent struct {
	Seq, Cart, Session, Episode, Step, CreatedAt, AbandonedAt, Holdout, Entry int64
	ID, Flow, Channels                                                        string
	Told                                                                      bool `gorm:"-"` // it went out, at CreatedAt as of Seq
}

func (s sent) subject() int64 { return max(s.Cart, s.Session) }

// began returns since when orders stand against it: of the first episode since it began
// itself, of the others, of which the test does not know, since they were left.
func (s sent) began() int64 {
	if s.Episode == 1 {
		return s.subject()
	}
	return s.Entry
}

// wrong returns what of all that was told must not have been.
func (h *history) wrong(t *rapid.T) error {
	var all []sent
	err := h.dbs[0].Read(context.Background()).Raw(`SELECT triggers.id, triggers.seq, triggers.cart, triggers.session, triggers.episode, triggers.step, triggers.created_at,
		triggers.abandoned_at, triggers.flow, triggers.channels, enrolments.holdout, enrolments.seq AS entry FROM triggers
		JOIN enrolments ON enrolments.cart = triggers.cart AND enrolments.session = triggers.session AND enrolments.episode = triggers.episode
		WHERE triggers.kind = 'recovery.step_due' ORDER BY triggers.seq`).Scan(&all).Error
	if err != nil {
		t.Fatal(err)
	}
	return h.wrongOf(all)
}

// wrongOf returns what of messages, in their order, must not have been.
func (h *history) wrongOf(all []sent) error {
	for i, s := range all {
		at, seq := time.UnixMilli(s.CreatedAt).UTC(), sessions.Seq(s.Seq)
		who := h.person(h.began(s.subject()), seq)
		if s.Holdout != 0 {
			return fmt.Errorf("%+v: in the holdout", s)
		}
		if strings.Contains(s.Channels, "email") && !h.agreed(who, seq) {
			return fmt.Errorf("%+v: a mail without consent", s)
		}
		for _, e := range h.told {
			same := e.seq < seq && h.person(e.who, seq) == who
			if same && e.kind == sessions.OrderCompleted && int64(e.seq) > s.began() {
				return fmt.Errorf("%+v: after the order of event %d", s, e.seq)
			}
			if same && e.at.After(at.Add(-30*time.Minute)) {
				return fmt.Errorf("%+v: the shopper was there with event %d", s, e.seq)
			}
		}
		for _, before := range all[:i] {
			if before.ID == s.ID && before.Channels != s.Channels {
				continue // the same step, on its other channel
			}
			if before.subject() == s.subject() && before.Episode == s.Episode && before.Step >= s.Step {
				return fmt.Errorf("%+v: after %+v", s, before)
			}
			if addressed := h.person(h.began(before.subject()), seq) == who && strings.Contains(before.Channels, "email") && strings.Contains(s.Channels, "email"); addressed && s.CreatedAt-before.CreatedAt < (16*time.Hour).Milliseconds() {
				return fmt.Errorf("%+v: 16 hours after the mail %+v have not gone by", s, before)
			}
			if h.person(h.began(before.subject()), seq) == who && s.CreatedAt-before.CreatedAt < (2*time.Hour).Milliseconds() {
				return fmt.Errorf("%+v: two hours after %+v have not gone by", s, before)
			}
		}
	}
	return nil
}

// open returns what should have been decided by the end and was not.
func (h *history) open(t *rapid.T) error {
	for what, query := range map[string]string{
		"enrolments without an end": "SELECT COUNT(*) FROM enrolments WHERE next_at > 0",
		"undecided carts":           "SELECT COUNT(*) FROM carts WHERE status = 'open' AND decided = ''",
	} {
		var n int64
		if err := h.dbs[0].Read(context.Background()).Raw(query).Scan(&n).Error; err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return fmt.Errorf("%d %s", n, what)
		}
	}
	return nil
}

// wipe makes the database one in which nothing happened.
func (h *history) wipe(t *rapid.T) {
	err := h.dbs[0].Write(context.Background(), func(tx *gorm.DB) error {
		for _, table := range strings.Fields("events hashes cursors settings visitors identities sessions carts orders decisions triggers enrolments flows contacts consents suppressions mailed unsubscribes clicks endings") {
			if err := tx.Exec("DELETE FROM " + table).Error; err != nil {
				return err
			}
		}
		return tx.Exec("UPDATE head SET seq = 0, newest = 0").Error
	})
	if err != nil {
		t.Fatal(err)
	}
}

// settle lets a worker look whenever something may be due, until everything is over.
func (h *history) settle(t *rapid.T) {
	const due = `SELECT MIN(at) FROM (SELECT next_at AS at FROM enrolments WHERE next_at > 0
		UNION ALL SELECT last_activity + 14400000 FROM carts WHERE status = 'open' AND decided = '')`
	h.detect(t, 0)
	for end := h.now.Add(8 * 24 * time.Hour); h.now.Before(end); {
		var next *int64
		if err := h.dbs[0].Read(context.Background()).Raw(due).Scan(&next).Error; err != nil {
			t.Fatal(err)
		}
		h.now = h.now.Add(3 * time.Hour) // sessions that were left are due some time
		if next != nil && time.UnixMilli(*next).After(h.now) {
			h.now = time.UnixMilli(*next).UTC()
		}
		if err := h.decide(0); err != nil {
			t.Fatal(err)
		}
		h.tell(t, 0, 2)
		if next == nil {
			h.now = h.now.Add(12 * time.Hour)
		}
	}
}

// sequenceShop opens a database twice, in which a worker can be let die.
func sequenceShop(t *testing.T) (db, second *database.DB) {
	t.Helper()
	url := testdb.SQLiteURL(t)
	for _, into := range []**database.DB{&db, &second} {
		opened, err := database.Open(t.Context(), url, database.Options{Durability: database.Off})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = opened.Close() })
		*into = opened
	}
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		for _, statement := range []string{
			"CREATE TABLE fault (rows INTEGER NOT NULL)", "INSERT INTO fault VALUES (0)",
			`CREATE TRIGGER crash BEFORE INSERT ON enrolments WHEN (SELECT rows FROM fault) = 1 BEGIN SELECT RAISE(ABORT, 'crash'); END`,
			`CREATE TRIGGER nearer AFTER INSERT ON decisions WHEN (SELECT rows FROM fault) > 1 BEGIN UPDATE fault SET rows = rows - 1; END`,
		} {
			if err := tx.Exec(statement).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db, second
}
