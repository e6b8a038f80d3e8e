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
	after    sessions.Seq
	waiting  []waiting
	messages []sent // that went out, in that order
	dropped  int    // that did not, in all histories
}

// waiting is a message that is to go out on a channel.
type waiting struct {
	trigger cart.Trigger
	channel cart.Channel
	until   sessions.Millis
}

func (d *telling) begin() { d.after, d.waiting, d.messages = 0, nil, nil }

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
	var still []waiting
	for i, w := range h.waiting {
		if skip < 2 && i%3 == skip || w.until > sessions.MillisOf(h.now) {
			still = append(still, w)
			continue
		}
		if v := h.attempt(t, worker, w); v.Outcome == cart.Hold {
			still = append(still, waiting{w.trigger, w.channel, v.Until})
		} else if v.Outcome != cart.Fire {
			h.dropped++
		}
	}
	h.waiting = still
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

// attempt begins to tell a message on a channel, and notes that it arrived.
func (h *history) attempt(t *rapid.T, worker int, w waiting) (v cart.Verdict) {
	_, err := h.logs[worker].Decide(context.Background(), func(tx *gorm.DB, head sessions.Head) ([]*sessions.Event, error) {
		now := sessions.MillisOf(h.now)
		v = cart.Verdict{Outcome: cart.Fire}
		var err error
		if !h.blindly {
			if v, err = cart.NewMessages(h.rules()).Recheck(tx, w.trigger, now); err != nil || v.Outcome != cart.Fire {
				return nil, err
			}
			if w.channel == cart.Email {
				to, err := cart.AddresseeOf(tx, w.trigger, h.rules().Mail)
				if err != nil || to.Refusal != "" {
					v = cart.Verdict{Outcome: cart.Suppress, Reason: to.Refusal}
					return nil, err
				}
			}
		}
		h.messages = append(h.messages, h.message(w, head.Seq, now))
		e, err := sessions.Own(sessions.DeliveryEnded, 0, now, map[string]any{"trigger_id": w.trigger.ID, "channel": w.channel, "outcome": "delivered"})
		return []*sessions.Event{e}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (h *history) message(w waiting, head sessions.Seq, now sessions.Millis) sent {
	g := w.trigger
	return sent{
		Seq: int64(head) + 1, Cart: int64(g.Cart), Session: int64(g.Session), Episode: g.Episode, Step: g.Step, CreatedAt: int64(now), AbandonedAt: int64(g.AbandonedAt),
		Entry: h.entry(g), Flow: g.Flow, Channels: string(w.channel), Told: true,
	}
}

// entry returns with which decision the sequence of a trigger began.
func (h *history) entry(g cart.Trigger) int64 {
	var seq int64
	h.dbs[0].Read(context.Background()).Raw("SELECT seq FROM enrolments WHERE cart = ? AND session = ? AND episode = ?", int64(g.Cart), int64(g.Session), g.Episode).Scan(&seq)
	return seq
}

// wronglyTold returns what went out and must not have, and what waits to the end.
func (h *history) wronglyTold() error {
	var problems []error
	for _, channel := range []cart.Channel{cart.Webhook, cart.Email} {
		of := slices.DeleteFunc(slices.Clone(h.messages), func(s sent) bool { return s.Channels != string(channel) || s.Step == 0 })
		if err := h.wrongOf(of); err != nil {
			problems = append(problems, fmt.Errorf("told though %w", err))
		}
	}
	abandoned := slices.DeleteFunc(slices.Clone(h.messages), func(s sent) bool { return s.Step > 0 })
	for _, s := range abandoned {
		if err := h.wrongOf([]sent{s}); err != nil {
			problems = append(problems, fmt.Errorf("told though %w", err))
		}
	}
	for _, w := range h.waiting {
		problems = append(problems, fmt.Errorf("%s by %s still waits, until %d", w.trigger.ID, w.channel, w.until))
	}
	return errors.Join(problems...)
}
