package cart_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/sessions"
)

// telling is what becomes of the messages of a history: workers look at each again
// before it goes out.
type telling struct {
	blindly  bool // they do not
	alone    bool // they do not know what else is on its way
	after    sessions.Seq
	waiting  []waiting
	sending  []sent // that are on their way
	messages []sent // that went out, in that order
	dropped  int    // that did not, in all histories
}

// waiting is a message that is to go out on a channel.
type waiting struct {
	trigger cart.Trigger
	channel cart.Channel
	until   sessions.Millis
}

func (d *telling) begin() { d.after, d.waiting, d.sending, d.messages = 0, nil, nil, nil }

// rules are those of the history's shop.
func (h *history) rules() cart.Rules {
	return cart.Rules{Fallback: flow.Default(), Mails: true, Mail: cart.DefaultMailRules()}
}

// tell lets a worker attempt the messages that wait: of three that follow one another
// it leaves out one, or none with 2.
func (h *history) tell(t *rapid.T, worker, skip int) {
	db := h.dbs[worker]
	triggers, err := cart.NewStore(db).TriggersAfter(db.Read(context.Background()), h.after, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, trigger := range triggers {
		h.after = trigger.Seq
		for _, channel := range channelsOf(trigger) {
			h.waiting = append(h.waiting, waiting{trigger, channel, 0})
		}
	}
	var due, still []waiting
	for i, w := range h.waiting {
		if skip < 2 && i%3 == skip || w.until > sessions.MillisOf(h.now) {
			still = append(still, w)
		} else {
			due = append(due, w)
		}
	}
	if h.waiting = still; len(due) > 0 {
		h.waiting = append(still, h.claim(t, worker, due)...)
	}
	if len(h.sending) > 0 {
		h.arrive(t, worker)
	}
}

func channelsOf(t cart.Trigger) []cart.Channel {
	switch t.Kind {
	case cart.StepDue:
		return t.Channels
	case cart.Abandoned, cart.CheckoutAbandoned, cart.BrowseAbandoned:
		return []cart.Channel{cart.Webhook}
	}
	return nil // it tells what an order did
}

// claim begins to tell messages, in one transaction, and returns those that are to wait.
func (h *history) claim(t *rapid.T, worker int, due []waiting) (still []waiting) {
	_, err := h.logs[worker].Decide(context.Background(), func(tx *gorm.DB, head sessions.Head) ([]*sessions.Event, error) {
		still = nil
		for _, w := range due {
			v, err := h.look(tx, w)
			switch {
			case err != nil:
				return nil, err
			case v.Outcome == cart.Fire:
				h.sending = append(h.sending, h.message(t, w, head.Seq))
			case v.Outcome == cart.Hold:
				still = append(still, waiting{w.trigger, w.channel, v.Until})
			default:
				h.dropped++
			}
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return still
}

// look asks whether it is right to tell a message.
func (h *history) look(tx *gorm.DB, w waiting) (cart.Verdict, error) {
	now := sessions.MillisOf(h.now)
	if h.blindly {
		return cart.Verdict{Outcome: cart.Fire}, nil
	}
	var sending []string
	for _, s := range h.sending {
		if !h.alone {
			sending = append(sending, s.ID)
		}
	}
	v, err := cart.NewMessages(h.rules()).Recheck(tx, w.trigger, now, sending)
	if err != nil || v.Outcome != cart.Fire || w.channel != cart.Email {
		return v, err
	}
	to, err := cart.AddresseeOf(tx, w.trigger, h.rules().Mail, now)
	return to.Verdict(now), err
}

// arrive notes that what was on its way arrived.
func (h *history) arrive(t *rapid.T, worker int) {
	_, err := h.logs[worker].Decide(context.Background(), func(*gorm.DB, sessions.Head) (events []*sessions.Event, err error) {
		for _, s := range h.sending {
			e, err := sessions.Own(sessions.DeliveryEnded, 0, sessions.MillisOf(h.now), map[string]any{"trigger_id": s.ID, "channel": s.Channels, "outcome": "delivered"})
			if err != nil {
				return nil, err
			}
			events = append(events, e)
		}
		return events, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.messages, h.sending = append(h.messages, h.sending...), nil
}

// message returns what begins to go out when the log has ended at a seq.
func (h *history) message(t *rapid.T, w waiting, head sessions.Seq) sent {
	g := w.trigger
	s := sent{
		ID: g.ID, Seq: int64(head) + 1, Cart: int64(g.Cart), Session: int64(g.Session), Episode: g.Episode, Step: g.Step, CreatedAt: h.now.UnixMilli(),
		AbandonedAt: int64(g.AbandonedAt), Flow: g.Flow, Channels: string(w.channel), Told: true,
	}
	err := h.dbs[0].Read(context.Background()).Raw("SELECT seq, holdout FROM enrolments WHERE cart = ? AND session = ? AND episode = ?",
		s.Cart, s.Session, s.Episode).Row().Scan(&s.Entry, &s.Holdout)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wronglyTold returns what went out and must not have, and what waits to the end.
func (h *history) wronglyTold() error {
	var problems []error
	if err := h.wrongOf(slices.DeleteFunc(slices.Clone(h.messages), func(s sent) bool { return s.Step == 0 })); err != nil {
		problems = append(problems, fmt.Errorf("told though %w", err))
	}
	for _, s := range h.messages {
		if err := h.wrongOf([]sent{s}); err != nil {
			problems = append(problems, fmt.Errorf("told though %w", err))
		}
	}
	for _, w := range h.waiting {
		problems = append(problems, fmt.Errorf("%s by %s still waits, until %d", w.trigger.ID, w.channel, w.until))
	}
	return errors.Join(problems...)
}
