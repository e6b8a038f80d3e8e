package cart_test

import (
	"testing"

	"cartwright/cart"
	"cartwright/sessions"
)

// What flows ask of sessions must be known of a cart before any flow takes it, also one
// that asks for nothing: else the lag of sessions would decide.
func TestACartWaitsForSessionsThatFlowsAskFor(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: back, kind: cart, priority: 30, conditions: {visitors: returning}, steps: []}\n- {name: rest, kind: cart, steps: []}")
		s.happens(0, added("ann", "cup"))
		s.wantReport(s.detect(hour), cart.Report{Carts: 1})
		s.follows()
		s.wantReport(s.detect(hour), cart.Report{Carts: 1, Abandoned: 1, Triggers: 1})
		s.expect("SELECT flow FROM triggers", "flow\nrest")
	})
}

// A mail that arrived late at the address, about whatever cart, is one, and so is one that
// may have arrived.
func TestAnAttemptWaitsForTheAddress(t *testing.T) {
	for outcome, want := range map[string]cart.Verdict{
		"delivered": {Outcome: cart.Hold, Reason: cart.AddressLimit, Until: millis(21 * hour)},
		"unknown":   {Outcome: cart.Hold, Reason: cart.AddressLimit, Until: millis(21 * hour)},
		"refused":   {Outcome: cart.Fire},
	} {
		t.Run(outcome, func(t *testing.T) {
			story(t, func(s *shop) {
				s.rules.Mails, s.rules.Mail = true, cart.DefaultMailRules()
				s.detector = cart.NewDetector(s.log, s.rules)
				s.flows(0, "- {name: carts, kind: cart, frequency_cap: 0s, steps: [{offset: 0s, channels: [email]}]}")
				granted := consent(sessions.MailGranted, 0)
				s.happens(0, put("A", "cup", 1, customer("1"), email("e@example.com"), granted))
				s.detect(hour)
				s.happens(18*hour, put("B", "cup", 1, customer("2"), email("e@example.com")))
				s.detect(19 * hour)
				s.now = at(20*hour - 10)
				s.decide(func() (*sessions.Event, error) {
					return sessions.Own(sessions.DeliveryEnded, 0, sessions.MillisOf(s.now), map[string]any{"trigger_id": "trg_3_1_recovery_step_due_1", "channel": "email", "outcome": outcome})
				})
				s.expect("SELECT id FROM triggers WHERE kind = 'recovery.step_due' ORDER BY seq", "id\ntrg_3_1_recovery_step_due_1\ntrg_6_1_recovery_step_due_1")
				trigger, err := s.store.Trigger(t.Context(), "trg_6_1_recovery_step_due_1")
				if err != nil {
					t.Fatal(err)
				}
				a, err := cart.AddresseeOf(s.db.Read(t.Context()), trigger, cart.DefaultMailRules(), millis(20*hour))
				if got := a.Verdict(millis(20 * hour)); err != nil || got != want {
					t.Errorf("%+v, %v; want %+v", got, err, want)
				}
				s.wantTold(trigger.ID, 20*hour, want)
			})
		})
	}
}
