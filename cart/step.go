package cart

import (
	"slices"
	"time"

	"cartwright/cart/flow"
	"cartwright/sessions"
)

// Situation is what the decision on a step rests on.
type Situation struct {
	Facts
	Closed   Reason          // why the subject is none any more; empty: it still is
	LastSent sessions.Millis // when the shopper was last written to; 0: never
	Zone     *time.Location  // where the shopper is, else where the shop is
	SoldOut  bool            // nothing of what was left can be bought
	Mails    bool            // mails can be sent
	To       Addressee       // whom a mail would go to
}

// Ruling is what becomes of a step.
type Ruling struct {
	Outcome  Outcome
	Reason   Reason
	Until    sessions.Millis // of Hold: when to look again
	Channels []Channel       // of Fire: those of the step's that can be used
	Refusal  Reason          // of Fire: why mail is not among them, though the step names it
}

const (
	soldOutPause = 6 * time.Hour // until it is looked again whether something is back
	limitPause   = time.Hour     // until it is looked again whether an address may be mailed
)

// RuleStep returns what becomes at a time of a step that is due. What has ended the
// matter ends the sequence: the subject is none any more, an order stands against
// it, it is too old. What only stands against it now holds the step, to be looked at
// again with everything asked anew: the shopper is active, nothing is in stock, an
// order or a message was a short while ago, it is night. A step none of whose
// channels can be used is skipped. The boundaries belong to the shopper: exactly the
// cap after a message the next may go out.
func RuleStep(f flow.Flow, step flow.Step, s Situation, now sessions.Millis) Ruling {
	oldest := s.Cart.LastActivity.Add(f.MaximumAge)
	switch {
	case s.Order != "":
		return Ruling{Outcome: Suppress, Reason: s.Identity}
	case s.Closed != "":
		return Ruling{Outcome: Suppress, Reason: s.Closed}
	case oldest < now:
		return Ruling{Outcome: Expire, Reason: TooOld}
	}
	if reason, until := held(f, s, now); reason != "" {
		return Ruling{Outcome: Hold, Reason: reason, Until: min(until, oldest+1)}
	}
	return reach(step, s, now, oldest)
}

// held returns what holds every step of f now, and until when.
func held(f flow.Flow, s Situation, now sessions.Millis) (Reason, sessions.Millis) {
	after := func(at sessions.Millis, pause time.Duration) sessions.Millis {
		if at == 0 {
			return 0
		}
		return at.Add(pause)
	}
	var quiet sessions.Millis
	if until, is := f.Quiet.Until(now.Time(), s.Zone); is {
		quiet = sessions.MillisOf(until)
	}
	var out sessions.Millis
	if s.SoldOut {
		out = now.Add(soldOutPause)
	}
	for _, h := range []struct {
		reason Reason
		until  sessions.Millis
	}{
		{ShopperActive, after(s.Seen, f.Active)},
		{OutOfStock, out},
		{CoolingDown, after(s.LastOrder, f.CoolDown)},
		{Capped, after(s.LastSent, f.Cap)},
		{QuietHours, quiet},
	} {
		if h.until > now {
			return h.reason, h.until
		}
	}
	return "", 0
}

// reach returns on which of its channels a step reaches the shopper.
func reach(step flow.Step, s Situation, now, oldest sessions.Millis) Ruling {
	refusal := s.To.Refusal
	if !s.Mails {
		refusal = MailOff
	}
	channels := slices.DeleteFunc(slices.Clone(step.Channels), func(c Channel) bool { return c == Email && refusal != "" })
	switch {
	case len(channels) == len(step.Channels):
		return Ruling{Outcome: Fire, Reason: Idle, Channels: channels}
	case len(channels) > 0:
		return Ruling{Outcome: Fire, Reason: Idle, Channels: channels, Refusal: refusal}
	case refusal == AddressLimit || refusal == NetworkLimit:
		return Ruling{Outcome: Hold, Reason: refusal, Until: min(now.Add(limitPause), oldest+1)}
	}
	return Ruling{Outcome: Skip, Reason: refusal}
}

// dueStep returns the latest step of a flow that is due, from one on, and false if
// there is no such step any more. Those before it were due while nobody looked, or
// were held meanwhile: the shopper gets one message, not all of them at once.
func dueStep(f flow.Flow, from int64, abandoned, now sessions.Millis) (int64, bool) {
	if _, is := f.DueAt(from, abandoned); !is {
		return from, false
	}
	for {
		at, is := f.DueAt(from+1, abandoned)
		if !is || at > now {
			return from, true
		}
		from++
	}
}
