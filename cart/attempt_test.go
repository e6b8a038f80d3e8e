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
				s.ended("trg_3_1_recovery_step_due_1", cart.Email, outcome, 20*hour-10)
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

// Messages cap one another where they are to the same person.
func TestWhatCapsWhom(t *testing.T) {
	t.Run("carts of nobody known do not cap one another", func(t *testing.T) {
		story(t, func(s *shop) {
			s.flows(0, "- {name: carts, kind: cart, steps: [{offset: 0s}]}")
			for _, name := range []string{"A", "B", "C"} {
				s.happens(0, put(name, "cup", 1))
			}
			s.wantReport(s.detect(hour), cart.Report{Carts: 3, Abandoned: 3, Triggers: 6, Steps: 3})
		})
	})
	t.Run("an enrolment follows its cart to another shopper", func(t *testing.T) {
		story(t, func(s *shop) {
			s.flows(0, "- {name: carts, kind: cart, steps: [{offset: 0s}]}")
			s.happens(0, added("ann", "cup", named("A")))
			s.detect(hour)
			s.happens(70, event(sessions.CartUpdated, sessions.Backend, named("A"), customer("7"), of("cup", 1, 500)), put("B", "pot", 1, customer("7")))
			s.detect(200)
			s.expect("SELECT step, outcome, reason FROM decisions WHERE cart <> 3 ORDER BY seq", `
				step outcome reason
				0    trigger idle
				1    hold    frequency_cap`)
		})
	})
	t.Run("what arrived late counts from then", func(t *testing.T) {
		story(t, func(s *shop) {
			s.flows(0, "- {name: carts, kind: cart, frequency_cap: 10h, steps: [{offset: 0s}, {offset: 12h}]}")
			s.happens(0, added("ann", "cup"))
			s.detect(hour)
			s.arrived("trg_3_1_recovery_step_due_1", 5*hour)
			s.wantReport(s.detect(13*hour), cart.Report{Steps: 1})
			s.wantReport(s.detect(15*hour), cart.Report{Triggers: 1, Steps: 1})
		})
	})
	t.Run("what was decided later and arrived counts", func(t *testing.T) {
		story(t, func(s *shop) {
			s.flows(0, "- {name: carts, kind: cart, frequency_cap: 10h, steps: [{offset: 0s}]}")
			s.happens(0, added("ann", "cup", named("A")))
			s.detect(hour)
			s.happens(2*hour, added("ann", "pot", named("B")))
			s.detect(13 * hour)
			s.wantTold("trg_3_1_recovery_step_due_1", 13*hour, cart.Verdict{Outcome: cart.Fire})
			s.wantTold("trg_6_1_recovery_step_due_1", 13*hour, cart.Verdict{Outcome: cart.Fire})
			s.arrived("trg_6_1_recovery_step_due_1", 13*hour)
			s.wantTold("trg_3_1_recovery_step_due_1", 13*hour+1, cart.Verdict{Outcome: cart.Hold, Reason: cart.Capped, Until: millis(23 * hour)})
			s.wantTold("trg_3_1_recovery_step_due_1", 23*hour, cart.Verdict{Outcome: cart.Fire})
		})
	})
	t.Run("no step goes out after a later one", func(t *testing.T) {
		story(t, func(s *shop) {
			s.flows(0, "- {name: carts, kind: cart, frequency_cap: 0s, steps: [{offset: 0s}, {offset: 1h}]}")
			s.happens(0, added("ann", "cup"))
			s.detect(hour)
			s.detect(2 * hour)
			s.flows(2*hour, "- {name: carts, kind: cart, frequency_cap: 0s, steps: [{offset: 0s}, {offset: 1d}]}")
			s.wantTold("trg_3_1_recovery_step_due_1", 2*hour, cart.Verdict{Outcome: cart.Suppress, Reason: cart.Overdue})
			s.wantTold("trg_3_1_recovery_step_due_2", 2*hour, cart.Verdict{Outcome: cart.Fire})
		})
	})
}

// What was decided is right when it goes out, too.
func TestWhatGoesOut(t *testing.T) {
	t.Run("a step about a cart of nobody known does not wait for itself", func(t *testing.T) {
		story(t, func(s *shop) {
			s.flows(0, "- {name: carts, kind: cart, frequency_cap: 10h, steps: [{offset: 0s}, {offset: 12h}]}")
			s.happens(0, put("A", "cup", 1))
			s.detect(hour)
			s.wantTold("trg_3_1_recovery_step_due_1", hour, cart.Verdict{Outcome: cart.Fire})
			s.arrived("trg_3_1_recovery_step_due_1", 6*hour)
			s.wantReport(s.detect(13*hour), cart.Report{Steps: 1}) // held: the first arrived late
			s.wantReport(s.detect(16*hour), cart.Report{Triggers: 1, Steps: 1})
			s.wantTold("trg_3_1_recovery_step_due_2", 16*hour, cart.Verdict{Outcome: cart.Fire})
		})
	})
	t.Run("one at a time to a person", func(t *testing.T) {
		story(t, func(s *shop) {
			s.flows(0, "- {name: carts, kind: cart, frequency_cap: 10h, steps: [{offset: 0s}]}")
			s.happens(0, added("ann", "cup", named("A")), added("bob", "cup"))
			s.detect(hour)
			s.happens(2*hour, added("ann", "pot", named("B")))
			s.detect(13 * hour)
			s.expect("SELECT id FROM triggers WHERE step = 1 ORDER BY seq", "id\ntrg_3_1_recovery_step_due_1\ntrg_4_1_recovery_step_due_1\ntrg_9_1_recovery_step_due_1")
			const first, second, bobs = "trg_3_1_recovery_step_due_1", "trg_9_1_recovery_step_due_1", "trg_4_1_recovery_step_due_1"
			s.wantTold(second, 13*hour, cart.Verdict{Outcome: cart.Hold, Reason: cart.Capped, Until: millis(13*hour + 1)}, first)
			s.wantTold(first, 13*hour, cart.Verdict{Outcome: cart.Hold, Reason: cart.Capped, Until: millis(13*hour + 1)}, second)
			s.wantTold(first, 13*hour, cart.Verdict{Outcome: cart.Fire}, first, bobs, "trg_3_1_cart_abandoned")
		})
	})
	t.Run("of steps that are overdue one that can be told", func(t *testing.T) {
		story(t, func(s *shop) {
			s.flows(0, "- {name: carts, kind: cart, steps: [{offset: 0s}, {offset: 1h}, {offset: 2h, channels: [email]}, {offset: 3h, channels: [email]}]}")
			s.happens(0, added("ann", "cup"))
			s.detect(5 * hour)
			s.expect("SELECT step, outcome, reason FROM decisions ORDER BY seq", `
				step outcome reason
				0    trigger idle
				1    skip    overdue
				2    trigger idle
				3    skip    mail_off
				4    skip    mail_off`)
			s.expect("SELECT sent, next_step, end_reason FROM enrolments", "sent next_step end_reason\n1 0 finished")
			s.wantTold("trg_3_1_recovery_step_due_2", 5*hour, cart.Verdict{Outcome: cart.Fire})
		})
	})
}

// wantTold asks whether it is right to tell a trigger some minutes after start, while
// others are on their way.
func (s *shop) wantTold(id string, minutes int, want cart.Verdict, sending ...string) {
	s.t.Helper()
	trigger, err := s.store.Trigger(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	got, err := cart.NewMessages(s.rules).Recheck(s.db.Read(s.t.Context()), trigger, millis(minutes), sending)
	if err != nil || got != want {
		s.t.Errorf("%s after %d minutes: %+v (%v), want %+v", id, minutes, got, err, want)
	}
}

// arrived notes that a trigger was told by webhook some minutes after start.
func (s *shop) arrived(id string, minutes int) {
	s.t.Helper()
	s.ended(id, cart.Webhook, "delivered", minutes)
}

// ended notes how telling a trigger ended some minutes after start.
func (s *shop) ended(id string, channel cart.Channel, outcome string, minutes int) {
	s.t.Helper()
	s.now = at(minutes)
	s.decide(func() (*sessions.Event, error) {
		return sessions.Own(sessions.DeliveryEnded, 0, sessions.MillisOf(s.now), map[string]any{"trigger_id": id, "channel": channel, "outcome": outcome})
	})
}

func TestAnOrderUnderTheAddressMailedStandsAgainstIt(t *testing.T) {
	story(t, func(s *shop) {
		s.rules.Mails = true
		s.detector = cart.NewDetector(s.log, s.rules)
		s.flows(0, "- {name: carts, kind: cart, steps: [{offset: 0s, channels: [email]}]}")
		s.happens(0, event(sessions.Identify, sessions.Backend, customer("1"), email("e@example.com")),
			event(sessions.Identify, sessions.Backend, customer("2"), email("e@example.com")))
		s.happens(0, put("A", "cup", 1, customer("2")))
		s.happens(30, ordered("o", email("e@example.com"), named("other")))
		s.detect(hour)
		s.expect("SELECT step, outcome, reason FROM decisions ORDER BY seq", `
			step outcome  reason
			0    trigger  idle
			1    suppress order_of_email`)
	})
}

func TestBrowsersWhoCameBackUnderAnotherName(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: looking, kind: browse, wait: 2h, steps: [{offset: 0s}]}")
		s.detect(0)
		s.happens(-300, event(sessions.Identify, sessions.Backend, customer("7")))
		s.happens(0, viewed("ann", "cup"))
		s.follows() // and then no more: what comes is in the log alone
		s.happens(100, event(sessions.Identify, sessions.Backend, by("ann"), customer("7")), ordered("o", customer("7")))
		s.wantReport(s.detect(3*hour), cart.Report{})
		s.follows()
		s.flows(4*hour, "[]")
		s.detect(4 * hour)
		s.happens(5*hour, viewed("bob", "cup"))
		s.follows()
		s.flows(60*day, "- {name: looking, kind: browse, wait: 2h, steps: [{offset: 0s}]}")
		s.wantReport(s.detect(60*day), cart.Report{}) // it begins with what comes now
		s.wantReport(s.detect(60*day+1), cart.Report{})
	})
}

// That no flow takes a cart is only said once what the flows ask for is written.
func TestNoFlowIsSaidOnceSessionsAreWritten(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: german, kind: cart, steps: [], conditions: {countries: [DE]}}")
		e := added("ann", "cup")
		e.Country = "DE"
		s.happens(0, e, added("bob", "cup"))
		s.wantReport(s.detect(hour), cart.Report{Carts: 2})
		s.follows()
		s.detect(hour)
		s.expect("SELECT cart, outcome, reason FROM decisions ORDER BY cart", `
			cart outcome reason
			3    trigger idle
			4    pass    no_flow`)
	})
}
