package cart_test

import (
	"context"
	"fmt"
	"testing"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/sessions"
)

const (
	sequence   = "SELECT cart, session, step, outcome, reason, channels FROM decisions ORDER BY seq"
	enrolments = "SELECT cart, session, flow, holdout, next_step, sent, end_reason FROM enrolments ORDER BY seq"
)

// flows configures flows some minutes after start, in YAML.
func (s *shop) flows(minutes int, text string) {
	s.t.Helper()
	flows, err := flow.Parse([]byte(text))
	if err != nil {
		s.t.Fatal(err)
	}
	s.now = at(minutes)
	if _, err := s.rules.ChangeFlows(context.Background(), s.log, cart.ByAPI, flows, nil, s.now); err != nil {
		s.t.Fatal(err)
	}
}

// follows writes the sessions up to the head of the log.
func (s *shop) follows() {
	s.t.Helper()
	f := sessions.NewFollower(s.db, s.log, nil)
	if err := f.Start(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	if err := f.WaitFor(context.Background(), s.log.Head().Seq); err != nil {
		s.t.Fatal(err)
	}
}

const hour, day = 60, 24 * 60

func TestASequenceOfThreeSteps(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: carts, kind: cart}")
		s.happens(0, added("ann", "cup"))
		s.wantReport(s.detect(59), cart.Report{})
		s.wantReport(s.detect(60), cart.Report{Carts: 1, Abandoned: 1, Triggers: 2, Steps: 1})
		s.wantReport(s.detect(60), cart.Report{})
		s.wantReport(s.detect(day-1), cart.Report{})
		s.wantReport(s.detect(day), cart.Report{Triggers: 1, Steps: 1})
		s.wantReport(s.detect(3*day), cart.Report{Triggers: 1, Steps: 1})
		s.wantReport(s.detect(6*day), cart.Report{})
		s.expect("SELECT id, kind, step, channels FROM triggers ORDER BY seq", `
			id                         kind               step  channels
			trg_3_1_cart_abandoned     cart.abandoned     0     webhook
			trg_3_1_recovery_step_due_1  recovery.step_due  1     webhook
			trg_3_1_recovery_step_due_2  recovery.step_due  2     webhook
			trg_3_1_recovery_step_due_3  recovery.step_due  3     webhook`)
		s.expect(enrolments, `
			cart session flow  holdout next_step sent end_reason
			3    0       carts 0       0         3    finished`)
	})
}

func TestAnOrderEndsTheSequence(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: carts, kind: cart}")
		s.happens(0, added("ann", "cup", email("ann@example.com")))
		s.detect(60)
		s.happens(2*hour, ordered("1", customer("7"), email("ann@example.com"), named("another")))
		s.wantReport(s.detect(day), cart.Report{Steps: 1})
		s.wantReport(s.detect(4*day), cart.Report{})
		s.expect(sequence, `
			cart session step outcome  reason         channels
			3    0       0    trigger  idle           ""
			3    0       1    trigger  idle           webhook
			3    0       2    suppress order_of_visitor ""`)
	})
}

// What was not looked at for two days is one message, not three.
func TestOverdueStepsCollapse(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: carts, kind: cart}")
		s.happens(0, added("ann", "cup"))
		s.wantReport(s.detect(2*day), cart.Report{Carts: 1, Abandoned: 1, Triggers: 2, Steps: 1})
		s.detect(3 * day)
		s.expect(sequence, `
			cart session step outcome reason  channels
			3    0       0    trigger idle    ""
			3    0       1    skip    overdue ""
			3    0       2    trigger idle    webhook
			3    0       3    trigger idle    webhook`)
	})
}

func TestACappedStepWaitsAndIsAskedAnew(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: carts, kind: cart, frequency_cap: 1d, steps: [{offset: 0s}, {offset: 2h}]}")
		s.happens(0, added("ann", "cup"))
		s.detect(60)
		s.wantReport(s.detect(3*hour), cart.Report{Steps: 1}) // held until a day after the first
		s.wantReport(s.detect(25*hour-1), cart.Report{})
		s.happens(25*hour-1, page("ann")) // and the shopper is here then
		s.wantReport(s.detect(25*hour), cart.Report{Steps: 1})
		s.wantReport(s.detect(25*hour+29), cart.Report{Triggers: 1, Steps: 1})
		s.expect(sequence, `
			cart session step outcome reason         channels
			3    0       0    trigger idle           ""
			3    0       1    trigger idle           webhook
			3    0       2    hold    frequency_cap  ""
			3    0       2    hold    shopper_active ""
			3    0       2    trigger idle           webhook`)
	})
}

// The cap is of the person: a cart of the same shopper under another browser waits.
func TestTheCapIsOfThePerson(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: carts, kind: cart, steps: [{offset: 0s}]}")
		s.happens(0, added("ann", "cup"))
		s.happens(1, added("phone", "pot"))
		s.detect(60)
		s.happens(70, event(sessions.Identify, sessions.Backend, by("ann"), customer("7")), event(sessions.Identify, sessions.Backend, by("phone"), customer("7")))
		s.detect(100) // the identifications were activity
		s.expect(sequence, `
			cart session step outcome reason         channels
			3    0       0    trigger idle           ""
			3    0       1    trigger idle           webhook
			4    0       0    trigger idle           ""
			4    0       1    hold    frequency_cap  ""`)
	})
}

// So is the cool-down: an order under an address alone joins nobody, but whoever gave
// the same one with a new cart has just ordered.
func TestTheCoolDownIsOfThePerson(t *testing.T) {
	under := func(address string) *sessions.Event { return ordered("1", by("tablet"), email(address)) }
	for name, c := range map[string]struct {
		before []*sessions.Event
		want   string
	}{
		"an order":         {[]*sessions.Event{under("ann@example.com")}, "1 hold cool_down"},
		"a cancelled one":  {[]*sessions.Event{under("ann@example.com"), event(sessions.OrderCancelled, sessions.Backend, func(e *sessions.Event) { e.Order = "1" })}, "1 trigger idle"},
		"one of another's": {[]*sessions.Event{under("bob@example.com")}, "1 trigger idle"},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(s *shop) {
				s.flows(0, "- {name: carts, kind: cart, steps: [{offset: 0s}]}")
				s.happens(0, c.before...)
				s.happens(10, added("phone", "cup", email("ann@example.com")))
				s.detect(10 + hour)
				s.expect("SELECT step, outcome, reason FROM decisions WHERE step = 1", "step outcome reason\n"+c.want)
				s.detect(day)
				s.expect("SELECT COUNT(*) AS n FROM triggers WHERE step = 1", "n\n1")
			})
		})
	}
}

func TestQuietHoursAreTheShoppers(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, `- {name: carts, kind: cart, quiet_hours: "21:00-08:00", steps: [{offset: 0s}]}`)
		e := added("ann", "cup")  // at 10:00 UTC
		e.Timezone = "Asia/Tokyo" // which is 19:00 there
		s.happens(0, e)
		s.happens(1, added("bob", "cup"))
		s.follows()
		s.wantReport(s.detect(2*hour), cart.Report{Carts: 2, Abandoned: 2, Triggers: 3, Steps: 2})
		s.expect("SELECT cart, next_at FROM enrolments WHERE next_at > 0", fmt.Sprintf("cart next_at\n3 %d", millis(13*hour))) // 23:00 UTC
		s.wantReport(s.detect(13*hour), cart.Report{Triggers: 1, Steps: 1})
	})
}

func TestTheHoldoutIsNotWrittenTo(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: carts, kind: cart, holdout: 50%}")
		for i := range 40 {
			s.happens(i, added(fmt.Sprint("shopper", i), "cup"))
		}
		r := s.detect(2 * hour)
		s.expect("SELECT COUNT(*) AS n FROM enrolments", "n\n40")
		s.expect("SELECT COUNT(*) AS n FROM triggers WHERE cart IN (SELECT cart FROM enrolments WHERE holdout = 1)", "n\n0")
		s.expect("SELECT COUNT(*) AS n FROM enrolments WHERE holdout = 1 AND (next_at > 0 OR end_reason <> 'in_holdout')", "n\n0")
		if r.Triggers == 0 || r.Triggers == 80 || r.Triggers%2 != 0 {
			t.Errorf("%d triggers: want two of each who is not held out", r.Triggers)
		}
		s.expect("SELECT COUNT(*) AS n FROM triggers", fmt.Sprintf("n\n%d", r.Triggers))
		s.happens(3*hour, ordered("1", by("shopper0")))
		s.expect("SELECT COUNT(*) AS n FROM triggers WHERE kind = 'cart.recovered' AND cart IN (SELECT cart FROM enrolments WHERE holdout = 1)", "n\n0")
	})
}

func TestOnePersonIsInOneFlow(t *testing.T) {
	text := "- {name: carts, kind: cart, priority: 5}\n- {name: pay, kind: checkout, priority: %d}"
	for priority, want := range map[int]string{
		5: `
			cart session step outcome  reason        channels
			3    0       0    trigger  idle          ""
			3    0       1    trigger  idle          webhook
			6    0       0    hold     in_other_flow ""`,
		6: `
			cart session step outcome  reason        channels
			3    0       0    trigger  idle          ""
			3    0       1    trigger  idle          webhook
			3    0       2    suppress superseded    ""
			6    0       0    trigger  idle          ""
			6    0       1    hold     frequency_cap ""`,
	} {
		story(t, func(s *shop) {
			s.flows(0, fmt.Sprintf(text, priority))
			s.happens(0, added("ann", "cup", named("c-1")))
			s.detect(hour)
			s.happens(2*hour, added("ann", "pot", named("c-2")), event(sessions.CheckoutStarted, sessions.Browser, by("ann"), named("c-2")))
			s.detect(2*hour + 31)
			s.detect(3*hour + 10)
			s.expect(sequence, want)
		})
	}
}

func TestACheckoutGoesIntoItsOwnFlow(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: carts, kind: cart, steps: []}\n- {name: pay, kind: checkout, steps: []}")
		s.happens(0, added("ann", "cup"), event(sessions.CheckoutStarted, sessions.Browser, by("ann")))
		s.happens(0, added("bob", "cup"))
		s.detect(30)
		s.detect(60)
		s.expect("SELECT kind, cart, flow FROM triggers ORDER BY seq", `
			kind                cart flow
			checkout.abandoned  3    pay
			cart.abandoned      5    carts`)
	})
}

// A cart that no flow takes is passed over, until its shopper goes to the checkout.
func TestACartThatNoFlowTakes(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: pay, kind: checkout, steps: []}")
		s.happens(0, added("ann", "cup"))
		s.wantReport(s.detect(30), cart.Report{Carts: 1, Abandoned: 1})
		s.wantReport(s.detect(31), cart.Report{})
		s.happens(hour, event(sessions.CheckoutStarted, sessions.Browser, by("ann")))
		s.detect(2 * hour)
		s.expect("SELECT outcome, reason, flow FROM decisions ORDER BY seq", `
			outcome reason  flow
			pass    no_flow ""
			trigger idle    pay`)
	})
}

func TestAValueBelowTheConditionIsPassedOver(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: big, kind: cart, steps: [], priority: 30, conditions: {minimum_value: 1000, currencies: [EUR]}}\n- {name: rest, kind: cart, steps: []}")
		s.happens(0, added("ann", "cup"), event(sessions.ProductAdded, sessions.Browser, by("bob"), of("pot", 2, 500)))
		s.detect(hour)
		s.expect("SELECT cart, flow FROM triggers ORDER BY cart", "cart flow\n3 rest\n4 big")
	})
}

// Steps of a flow that is gone, or that has become shorter, are not told.
func TestAFlowThatIsRemoved(t *testing.T) {
	for name, after := range map[string]string{"flow": "- {name: other, kind: cart}", "step": "- {name: carts, kind: cart, steps: [{offset: 0s}]}"} {
		t.Run(name, func(t *testing.T) {
			story(t, func(s *shop) {
				s.flows(0, "- {name: carts, kind: cart}")
				s.happens(0, added("ann", "cup"))
				s.detect(hour)
				s.flows(2*hour, after)
				s.wantReport(s.detect(day), cart.Report{Steps: 1})
				s.expect("SELECT step, outcome, reason FROM decisions WHERE step = 2", "step outcome reason\n2 suppress flow_removed")
				s.wantReport(s.detect(5*day), cart.Report{})
			})
		})
	}
}
