package cart

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// subject is what a flow is about: a cart in one of its episodes, or a session.
type subject struct {
	cart    ID // 0 for a session
	session sessions.SessionID
	episode int64
}

func (s subject) String() string {
	if s.cart == 0 {
		return fmt.Sprintf("session %d", s.session)
	}
	return fmt.Sprintf("cart %d", s.cart)
}

// Enrolment is one subject in one flow, from its abandonment to the end of the
// sequence.
type Enrolment struct {
	Cart      ID // 0 for a session
	Session   sessions.SessionID
	Episode   int64
	Flow      string
	Kind      flow.Kind
	Visitor   sessions.VisitorID
	Seq       sessions.Seq // of the decision that it began with
	Entered   sessions.Millis
	Abandoned sessions.Millis
	Holdout   bool // it is only watched
	NextStep  int64
	Next      sessions.Millis // when that is to be decided on; 0 once it ended
	LastSent  sessions.Millis // when a step was last told; 0: none was
	Sent      int64           // how many were
	Ended     sessions.Millis
	End       Reason
}

func (e Enrolment) subject() subject { return subject{e.Cart, e.Session, e.Episode} }

// subjectOf returns what a decision is about.
func (d Decision) subject() subject { return subject{d.Cart, d.Session, d.Episode} }

// enrols reports whether d begins an enrolment.
func (d Decision) enrols() bool {
	return !d.Dry && d.Step == 0 && (d.Outcome == Fire || d.Outcome == HoldOut)
}

// enrolmentOf returns the enrolment that d begins.
func enrolmentOf(d Decision) Enrolment {
	e := Enrolment{
		Cart: d.Cart, Session: d.Session, Episode: d.Episode, Flow: d.Flow, Kind: d.Kind, Visitor: d.Visitor, Seq: d.Seq,
		Entered: d.At, Abandoned: d.AbandonedAt, Holdout: d.Outcome == HoldOut,
	}
	return e.goesOn(d)
}

// After returns the enrolment after a decision on one of its steps.
func (e Enrolment) After(d Decision) Enrolment {
	if e.Ended != 0 || d.Dry || d.Step == 0 {
		return e
	}
	if d.Outcome == Fire {
		e.LastSent, e.Sent = d.At, e.Sent+1
	}
	return e.goesOn(d)
}

// goesOn returns the enrolment with what d says comes next.
func (e Enrolment) goesOn(d Decision) Enrolment {
	if e.NextStep, e.Next = d.NextStep, d.NextAt; d.NextAt != 0 {
		return e
	}
	e.Ended, e.End = d.At, d.Reason
	if d.Outcome == Fire || d.Outcome == Skip {
		e.End = Finished
	}
	return e
}

type enrolmentRow struct {
	Cart        int64 `gorm:"primaryKey;autoIncrement:false"`
	Session     int64 `gorm:"primaryKey;autoIncrement:false"`
	Episode     int64 `gorm:"primaryKey;autoIncrement:false"`
	Flow        string
	Kind        string
	VisitorID   int64
	Seq         int64
	EnteredAt   int64
	AbandonedAt int64
	Holdout     int64
	NextStep    int64
	NextAt      int64
	LastSentAt  int64
	Sent        int64
	EndedAt     int64
	EndReason   string
}

func (enrolmentRow) TableName() string { return "enrolments" }

func rowOfEnrolment(e Enrolment) enrolmentRow {
	return enrolmentRow{
		Cart: int64(e.Cart), Session: int64(e.Session), Episode: e.Episode, Flow: e.Flow, Kind: string(e.Kind), VisitorID: int64(e.Visitor),
		Seq: int64(e.Seq), EnteredAt: int64(e.Entered), AbandonedAt: int64(e.Abandoned), Holdout: flag(e.Holdout),
		NextStep: e.NextStep, NextAt: int64(e.Next), LastSentAt: int64(e.LastSent), Sent: e.Sent, EndedAt: int64(e.Ended), EndReason: string(e.End),
	}
}

func (r enrolmentRow) enrolment() Enrolment {
	return Enrolment{
		Cart: ID(r.Cart), Session: sessions.SessionID(r.Session), Episode: r.Episode, Flow: r.Flow, Kind: flow.Kind(r.Kind),
		Visitor: sessions.VisitorID(r.VisitorID), Seq: sessions.Seq(r.Seq), Entered: sessions.Millis(r.EnteredAt),
		Abandoned: sessions.Millis(r.AbandonedAt), Holdout: r.Holdout != 0, NextStep: r.NextStep, Next: sessions.Millis(r.NextAt),
		LastSent: sessions.Millis(r.LastSentAt), Sent: r.Sent, Ended: sessions.Millis(r.EndedAt), End: Reason(r.EndReason),
	}
}

// A roll is the enrolments that a batch of events touches.
type roll struct {
	enrolments     map[subject]Enrolment
	begun, changed map[subject]bool
	followed       map[ID]sessions.VisitorID // carts that became another's
}

func newRoll() roll {
	return roll{map[subject]Enrolment{}, map[subject]bool{}, map[subject]bool{}, map[ID]sessions.VisitorID{}}
}

// loadRoll reads the enrolments of the steps that are decided on in a batch. An
// abandonment begins one, and needs none.
func loadRoll(tx *gorm.DB, steps []subject) (roll, error) {
	r := newRoll()
	var carts, browsed []int64
	for _, s := range steps {
		if s.cart != 0 {
			carts = append(carts, int64(s.cart))
		} else {
			browsed = append(browsed, int64(s.session))
		}
	}
	for _, by := range []struct {
		where string
		ids   []int64
	}{{"session = 0 AND cart IN ?", carts}, {"cart = 0 AND session IN ?", browsed}} {
		err := database.Each(by.ids, func(part []int64) error {
			list, err := enrolments(tx.Where(by.where, part))
			for _, e := range list {
				r.enrolments[e.subject()] = e
			}
			return err
		})
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

func enrolments(query *gorm.DB) ([]Enrolment, error) {
	var rows []enrolmentRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load enrolments: %w", err)
	}
	return rowsOf(rows, enrolmentRow.enrolment), nil
}

// decided takes down what a decision means for an enrolment.
func (r roll) decided(d Decision) {
	s := d.subject()
	e, known := r.enrolments[s]
	switch {
	case d.enrols() && !known:
		e, r.begun[s] = enrolmentOf(d), true
	case known && !d.Dry && d.Step > 0:
		e = e.After(d)
	default:
		return
	}
	r.enrolments[s], r.changed[s] = e, true
}

// moved hands enrolments over to the visitor that others were joined to.
func (r roll) moved(m move) {
	for s, e := range r.enrolments {
		if slices.Contains(m.from, e.Visitor) {
			e.Visitor = m.to
			r.enrolments[s], r.changed[s] = e, true
		}
	}
}

// follow hands the enrolments of a cart over to the visitor whose it is now.
func (r roll) follow(c Cart) {
	r.followed[c.ID] = c.Visitor
	for s, e := range r.enrolments {
		if e.Cart == c.ID {
			e.Visitor = c.Visitor
			r.enrolments[s], r.changed[s] = e, true
		}
	}
}

// saveFollowed moves the enrolments of carts that became another's.
func (r roll) saveFollowed(tx *gorm.DB) error {
	for _, id := range slices.Sorted(maps.Keys(r.followed)) {
		err := tx.Exec("UPDATE enrolments SET visitor_id = ? WHERE cart = ? AND session = 0", int64(r.followed[id]), int64(id)).Error
		if err != nil {
			return fmt.Errorf("move the enrolments of cart %d: %w", id, err)
		}
	}
	return nil
}

// save writes what changed. What began before is never begun again.
func (r roll) save(tx *gorm.DB) error {
	if err := r.saveFollowed(tx); err != nil {
		return err
	}
	var begun, changed []enrolmentRow
	for s := range r.changed {
		if row := rowOfEnrolment(r.enrolments[s]); r.begun[s] {
			begun = append(begun, row)
		} else {
			changed = append(changed, row)
		}
	}
	for _, part := range []struct {
		rows     []enrolmentRow
		conflict clause.OnConflict
	}{{begun, clause.OnConflict{DoNothing: true}}, {changed, clause.OnConflict{UpdateAll: true}}} {
		slices.SortFunc(part.rows, func(a, b enrolmentRow) int { return cmp.Compare(a.Seq, b.Seq) })
		if err := write(tx, part.rows, part.conflict); err != nil {
			return fmt.Errorf("save enrolments: %w", err)
		}
	}
	return nil
}
