package cart

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"cartwright/cart/flow"
	"cartwright/sessions"
)

// Recheck returns whether it is right at a time to tell a trigger. What an order
// told stays true. Of what was abandoned, the subject must still be one, nothing may stand against it
// by then, and the shopper must not be here; a step is ruled on anew by
// [RuleStep]. It is to be asked in the transaction that starts an attempt. Cost:
// about ten queries by index.
func (m Messages) Recheck(tx *gorm.DB, t Trigger, now sessions.Millis) (Verdict, error) {
	now = max(now, t.At) // what was decided as of a time to come is told as of that time
	var v Verdict
	var err error
	switch t.Kind {
	case Abandoned, CheckoutAbandoned, BrowseAbandoned:
		v, err = m.recheckAbandoned(tx, t, now)
	case StepDue:
		v, err = m.recheckStep(tx, t, now)
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

func (m Messages) recheckStep(tx *gorm.DB, t Trigger, now sessions.Millis) (Verdict, error) {
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
	// A later step may have been told already, when the flow's offsets were other ones.
	if at, later := f.DueAt(t.Step+1, e.Abandoned); e.LastSent > t.At || later && at <= now {
		return Verdict{Outcome: Suppress, Reason: Overdue}, nil
	}
	s, err := r.situations([]Enrolment{e})
	if err != nil {
		return Verdict{}, err
	}
	if t.Goes(Email) {
		c := s.facts[0].Cart
		to, err := addresseeOf(tx, t, c, m.rules.Mail)
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
		return Verdict{Outcome: Fire}, nil
	case Hold:
		return Verdict{Hold, ruling.Reason, ruling.Until}, nil
	default:
		return Verdict{Outcome: Suppress, Reason: ruling.Reason}, nil
	}
}
