package cart_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// sent is a step that was told.
type sent struct {
	Seq, Cart, Session, Episode, Step, CreatedAt, AbandonedAt, Holdout, Entry int64
	Flow                                                                      string
}

func (s sent) subject() int64 { return max(s.Cart, s.Session) }

// wrong returns what of all that was told must not have been.
func (h *history) wrong(t *rapid.T) error {
	var all []sent
	err := h.dbs[0].Read(context.Background()).Raw(`SELECT triggers.seq, triggers.cart, triggers.session, triggers.episode, triggers.step, triggers.created_at,
		triggers.abandoned_at, triggers.flow, enrolments.holdout, enrolments.seq AS entry FROM triggers
		JOIN enrolments ON enrolments.cart = triggers.cart AND enrolments.session = triggers.session AND enrolments.episode = triggers.episode
		WHERE triggers.kind = 'recovery.step_due' ORDER BY triggers.seq`).Scan(&all).Error
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		at, seq := time.UnixMilli(s.CreatedAt).UTC(), sessions.Seq(s.Seq)
		who := h.person(h.began(s.subject()), seq)
		if s.Holdout != 0 {
			return fmt.Errorf("%+v: in the holdout", s)
		}
		if s.Flow == "carts" && s.Step == 1 && s.CreatedAt < s.AbandonedAt {
			return fmt.Errorf("%+v: before its time", s)
		}
		for _, e := range h.told {
			same := e.seq < seq && h.person(e.who, seq) == who
			if same && e.kind == sessions.OrderCompleted && int64(e.seq) > s.Entry {
				return fmt.Errorf("%+v: after the order of event %d", s, e.seq)
			}
			if same && e.at.After(at.Add(-30*time.Minute)) {
				return fmt.Errorf("%+v: the shopper was there with event %d", s, e.seq)
			}
		}
		for _, before := range all[:i] {
			if before.subject() == s.subject() && before.Episode == s.Episode && before.Step >= s.Step {
				return fmt.Errorf("%+v: after %+v", s, before)
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
