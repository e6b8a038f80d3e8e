package cart_test

import (
	"context"
	"errors"
	"testing"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/sessions"
)

func TestFlowsAreChangedOneAfterTheOther(t *testing.T) {
	story(t, func(s *shop) {
		ctx := context.Background()
		read := func() cart.Configured {
			c, err := s.rules.LoadFlows(s.db.Read(ctx))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		if c := read(); c.Version != 0 || c.Origin != cart.ByDefault || c.Flows[0].Name != "cart" {
			t.Errorf("at first: %+v", c)
		}
		f := flow.Default()
		f.Name = "mine"
		none, old := sessions.Seq(0), sessions.Seq(99)
		c, err := s.rules.ChangeFlows(ctx, s.log, cart.ByAPI, []flow.Flow{f}, &none, at(1))
		if err != nil || c.Version != 2 || read().Version != 2 {
			t.Errorf("changed: %+v, %v; stored %+v", c, err, read())
		}
		if _, err := s.rules.ChangeFlows(ctx, s.log, cart.ByAPI, nil, &old, at(1)); !errors.Is(err, cart.ErrFlowsChanged) {
			t.Errorf("by an old version: %v", err)
		}
		if c, err := s.rules.ChangeFlows(ctx, s.log, cart.ByAPI, []flow.Flow{f}, nil, at(2)); err != nil || c.Version != 2 {
			t.Errorf("the same again: %+v, %v", c, err)
		}
		// The file counts when it has changed, not whenever the program starts.
		file := func(minutes int, flows ...flow.Flow) {
			if err := s.rules.FlowsOfFile(ctx, s.db.Read(ctx), s.log, flows, at(minutes)); err != nil {
				t.Fatal(err)
			}
		}
		file(3)
		if c := read(); c.Origin != cart.ByAPI {
			t.Errorf("a file without flows: %+v", c)
		}
		g := f
		g.Name = "files"
		file(4, g)
		file(4, g)
		if c := read(); c.Origin != cart.ByFile || c.Flows[0].Name != "files" || c.Version != 3 {
			t.Errorf("a file with flows: %+v", c)
		}
		if _, err := s.rules.ChangeFlows(ctx, s.log, cart.ByAPI, []flow.Flow{f}, nil, at(5)); err != nil {
			t.Fatal(err)
		}
		file(6, g)
		if c := read(); c.Origin != cart.ByAPI || c.Flows[0].Name != "mine" {
			t.Errorf("the same file after a change over the API: %+v", c)
		}
		file(7)
		if c := read(); c.Origin != cart.ByDefault || len(c.Flows) != 1 || c.Flows[0].Name != "cart" {
			t.Errorf("a file whose flows were taken out: %+v", c)
		}
		file(9)
		if s.log.Head().Seq != 5 {
			t.Errorf("a file without flows was told again: %d events", s.log.Head().Seq)
		}
	})
}

func TestRecheckOfAStep(t *testing.T) {
	for name, tt := range map[string]struct {
		before func(s *shop)
		at     int
		want   cart.Verdict
	}{
		"right":   {func(*shop) {}, hour, cart.Verdict{Outcome: cart.Fire}},
		"ordered": {func(s *shop) { s.happens(70, ordered("1", by("ann"), named("x"))) }, 75, cart.Verdict{Outcome: cart.Suppress, Reason: cart.OrderOfVisitor}},
		"emptied": {func(s *shop) {
			s.happens(70, event(sessions.ProductRemoved, sessions.Browser, by("ann"), of("cup", 1, 500)))
		}, 200, cart.Verdict{Outcome: cart.Suppress, Reason: cart.CartClosed}},
		"changed":              {func(s *shop) { s.happens(70, added("ann", "pot")) }, 200, cart.Verdict{Outcome: cart.Suppress, Reason: cart.CartChanged}},
		"active":               {func(s *shop) { s.happens(70, page("ann")) }, 75, cart.Verdict{Outcome: cart.Hold, Reason: cart.ShopperActive, Until: millis(100)}},
		"the next is due":      {func(*shop) {}, day, cart.Verdict{Outcome: cart.Hold, Reason: cart.Overdue, Until: millis(day + 1)}},
		"the next was decided": {func(s *shop) { s.detect(day) }, day, cart.Verdict{Outcome: cart.Suppress, Reason: cart.Overdue}},
		"removed":              {func(s *shop) { s.flows(70, "[]") }, 75, cart.Verdict{Outcome: cart.Suppress, Reason: cart.FlowRemoved}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(s *shop) {
				s.flows(0, "- {name: carts, kind: cart}")
				s.happens(0, added("ann", "cup"))
				s.detect(hour)
				trigger, err := s.store.Trigger(context.Background(), "trg_3_1_recovery_step_due_1")
				if err != nil {
					t.Fatal(err)
				}
				tt.before(s)
				var v cart.Verdict
				_, err = s.log.Decide(context.Background(), func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
					v, err = cart.NewMessages(s.rules).Recheck(tx, trigger, millis(tt.at), nil)
					return nil, err
				})
				if err != nil || v != tt.want {
					t.Errorf("%+v, %v; want %+v", v, err, tt.want)
				}
			})
		})
	}
}

// What a file says is known also where it changed nothing, so that a restart takes no later
// change back.
func TestAFileThatAgreesWithTheAPIIsRemembered(t *testing.T) {
	story(t, func(s *shop) {
		const mine, other = "- {name: mine, kind: cart}", "- {name: other, kind: cart}"
		file := func(text string) {
			flows, err := flow.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.rules.FlowsOfFile(context.Background(), s.db.Read(context.Background()), s.log, flows, s.now); err != nil {
				t.Fatal(err)
			}
		}
		s.flows(0, mine)
		file(mine)
		s.flows(1, other)
		file(mine) // a restart
		c, err := s.rules.LoadFlows(s.db.Read(context.Background()))
		if err != nil || c.Flows[0].Name != "other" {
			t.Errorf("%+v, %v", c, err)
		}
	})
}
