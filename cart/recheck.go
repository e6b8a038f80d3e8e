package cart

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/cart/flow"
	"cartwright/sessions"
)

// Recheck returns whether it is right at a time to tell a trigger. What an order
// told stays true. Of what was abandoned, the subject must still be one, nothing may stand against it
// by then, and the shopper must not be here; a step is ruled on anew by
// [RuleStep], and waits a moment for another message to the same person that is on its
// way: sending names the triggers whose messages are. It is to be asked in the transaction
// that starts an attempt. Cost: about ten queries by index of an abandonment, about thirty
// of a step that is mailed, and a look through what of the log is not in sessions yet.
func (m Messages) Recheck(tx *gorm.DB, t Trigger, now sessions.Millis, sending []string) (Verdict, error) {
	now = max(now, t.At) // what was decided as of a time to come is told as of that time
	var v Verdict
	var err error
	switch t.Kind {
	case Abandoned, CheckoutAbandoned, BrowseAbandoned:
		v, err = m.recheckAbandoned(tx, t, now)
	case StepDue:
		v, err = m.recheckStep(tx, t, now, sending)
	default:
		return Verdict{Outcome: Fire}, nil
	}
	if err != nil {
		return Verdict{}, fmt.Errorf("recheck trigger %s: %w", t.ID, err)
	}
	return v, nil
}

// run returns what a decision of now would be made by.
func (m Messages) run(tx *gorm.DB, t Trigger, now sessions.Millis) (*run, error) {
	r := &run{tx: tx, rules: m.rules, now: now, telling: &t}
	return r, r.begin()
}

// flowOfTrigger returns the flow that a trigger was made by, the fallback where it is no longer
// configured.
func (r *run) flowOfTrigger(t Trigger) flow.Flow {
	if f, configured := r.plan.Named(t.Flow); configured {
		return f
	}
	return r.rules.Fallback
}

func (m Messages) recheckAbandoned(tx *gorm.DB, t Trigger, now sessions.Millis) (Verdict, error) {
	r, err := m.run(tx, t, now)
	if err != nil {
		return Verdict{}, err
	}
	e := Enrolment{Cart: t.Cart, Session: t.Session, Episode: t.Episode}
	if t.Session != 0 {
		if e, err = enrolmentOfTrigger(tx, t); err != nil {
			return Verdict{}, err
		}
	}
	carts, closed, err := r.subjects([]Enrolment{e})
	if err != nil {
		return Verdict{}, err
	}
	if closed[0] != "" {
		return Verdict{Outcome: Suppress, Reason: closed[0]}, nil
	}
	facts, err := r.facts(carts)
	if err != nil {
		return Verdict{}, err
	}
	return Recheck(r.flowOfTrigger(t), facts[0], now), nil
}

func (m Messages) recheckStep(tx *gorm.DB, t Trigger, now sessions.Millis, sending []string) (Verdict, error) {
	r, err := m.run(tx, t, now)
	if err != nil {
		return Verdict{}, err
	}
	e, err := enrolmentOfTrigger(tx, t)
	if errors.Is(err, sessions.ErrNotFound) {
		return Verdict{Outcome: Suppress, Reason: CartClosed}, nil
	}
	if err != nil {
		return Verdict{}, err
	}
	f, configured := r.plan.Named(t.Flow)
	if _, is := f.DueAt(t.Step, e.Abandoned); !configured || !is {
		return Verdict{Outcome: Suppress, Reason: FlowRemoved}, nil
	}
	if e.LastSent > t.At { // a later step was told
		return Verdict{Outcome: Suppress, Reason: Overdue}, nil
	}
	s, err := r.situations([]Enrolment{e})
	if err != nil {
		return Verdict{}, err
	}
	if t.Goes(Email) {
		c := s.facts[0].Cart
		to, err := addresseeOf(tx, t, c, m.rules.Mail, now)
		if err != nil {
			return Verdict{}, err
		}
		s.to = map[ID]Addressee{c.ID: to}
		if err := s.orderedAt(r, []Cart{c}); err != nil {
			return Verdict{}, err
		}
	}
	step := f.Steps[t.Step-1]
	step.Channels = t.Channels
	switch ruling := RuleStep(f, step, s.of(0), now); ruling.Outcome {
	case Fire:
		return m.mayGo(tx, t, e, f, s.to[s.facts[0].Cart.ID].Hash, now, sending)
	case Hold:
		return Verdict{Hold, ruling.Reason, ruling.Until}, nil
	default:
		return Verdict{Outcome: Suppress, Reason: ruling.Reason}, nil
	}
}

// moment is how long a step waits for what is settled soon.
const moment = time.Minute

// mayGo returns whether a step that nothing stands against may go out now. It waits
// where a later step of its sequence is due and to be decided on, of which one of both
// will go, and while another message to the same person, or the same address, is on its
// way: nobody knows yet whether it will have arrived.
func (m Messages) mayGo(tx *gorm.DB, t Trigger, e Enrolment, f flow.Flow, hash string, now sessions.Millis, sending []string) (Verdict, error) {
	if at, later := f.DueAt(t.Step+1, e.Abandoned); later && at <= now && e.NextStep == t.Step+1 {
		return Verdict{Hold, Overdue, now.Add(moment)}, nil
	}
	if len(sending) == 0 {
		return Verdict{Outcome: Fire}, nil
	}
	var beside int64
	err := tx.Raw(`SELECT COUNT(*) FROM triggers
		LEFT JOIN enrolments ON enrolments.cart = triggers.cart AND enrolments.session = triggers.session AND enrolments.episode = triggers.episode
		LEFT JOIN mailed ON mailed.seq = triggers.seq
		WHERE triggers.id IN ? AND triggers.id <> ? AND triggers.kind = ? AND (enrolments.visitor_id = ? AND enrolments.visitor_id <> 0 OR mailed.address_hash = ?)`,
		sending, t.ID, string(StepDue), int64(e.Visitor), hash).Scan(&beside).Error
	if err != nil {
		return Verdict{}, fmt.Errorf("look what is on its way to the shopper: %w", err)
	}
	if beside > 0 {
		return Verdict{Hold, Capped, now.Add(moment)}, nil
	}
	return Verdict{Outcome: Fire}, nil
}
