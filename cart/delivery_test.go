package cart_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/sessions"
)

// told returns the real triggers so far.
func (s *shop) told() []cart.Trigger {
	s.t.Helper()
	triggers, err := s.store.TriggersAfter(s.db.Read(context.Background()), 0, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return triggers
}

// wantRecheck compares what becomes of a trigger some minutes after start, in
// words: the reason, and until when it is held.
func (s *shop) wantRecheck(t cart.Trigger, minutes int, want string) {
	s.t.Helper()
	v, err := cart.NewMessages(cart.RulesOf(flow.Default())).Recheck(s.db.Read(context.Background()), t, millis(minutes), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	got := string(v.Reason)
	if v.Outcome == cart.Hold {
		got += fmt.Sprint(" until ", v.Until.Time().Sub(start))
	}
	if got != want || (v.Outcome == cart.Fire) != (want == "") {
		s.t.Errorf("recheck of %s: %+v, %q; want %q", t.ID, v, got, want)
	}
}

func TestRecheck(t *testing.T) {
	for want, then := range map[string]*sessions.Event{
		"":                             page("bob"),
		"shopper_active until 1h31m0s": page("ann"),
		"shopper_active until 2h1m0s":  event(sessions.CartViewed, sessions.Browser, by("ann"), named("A")),
		"cart_closed":                  ordered("1", by("ann"), named("A")),
		"order_of_visitor":             ordered("1", by("ann"), named("B")),
		"cart_changed":                 put("A", "cup", 2, by("ann")),
	} {
		t.Run(want, func(t *testing.T) {
			story(t, func(s *shop) {
				s.happens(0, put("A", "cup", 1, by("ann")))
				s.detect(60)
				abandoned := s.told()[0]
				s.wantRecheck(abandoned, 60, "")
				s.happens(61, then)
				s.wantRecheck(abandoned, 62, want)
				for _, other := range s.told()[1:] {
					s.wantRecheck(other, 62, "")
				}
			})
		})
	}
}

// Held until the shopper was away for the active window, and the cart idle for
// the wait; the boundaries belong to the message.
func TestRecheckHoldsUntilTheShopperIsGone(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")))
		s.detect(60)
		abandoned := s.told()[0]
		s.happens(61, page("ann"))
		s.wantRecheck(abandoned, 90, "shopper_active until 1h31m0s")
		s.wantRecheck(abandoned, 91, "")
		s.happens(92, event(sessions.CartViewed, sessions.Browser, by("ann"), named("A")))
		s.wantRecheck(abandoned, 122, "cart_in_use until 2h32m0s")
		s.wantRecheck(abandoned, 152, "")
	})
}

// What is decided as of tomorrow is told today, for whoever asked for that.
func TestRecheckAsOfATimeToCome(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")))
		s.asOf(60, true)
		s.wantRecheck(s.told()[0], 1, "")
	})
}

// A limit never parts the triggers of one event, whose seq is where to go on.
func TestTriggersAfter(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")), put("B", "cup", 1, by("ann")), put("C", "cup", 1, by("bob")))
		s.happens(1, ordered("1", by("ann")), ordered("2", by("bob")))
		s.asOf(1, false)
		var ids []string
		var pages int
		for after := sessions.Seq(0); ; pages++ {
			found, err := s.store.TriggersAfter(s.db.Read(context.Background()), after, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(found) == 0 {
				break
			}
			for _, f := range found {
				ids = append(ids, f.ID)
			}
			after = found[len(found)-1].Seq
		}
		if pages != 2 || len(ids) != 3 || ids[2] != "trg_4_1_cart_converted" {
			t.Errorf("%d pages: %v", pages, ids)
		}
	})
}

// What is told is summed up by what it is and where it goes.
func TestUntoldAfter(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")), put("B", "cup", 1, by("bob")), put("C", "cup", 1, by("cat")))
		s.happens(1, ordered("1", by("ann")))
		s.happens(2, ordered("2", by("bob")))
		s.asOf(2, false)
		for after := range sessions.Seq(10) {
			triggers, err := s.store.TriggersAfter(s.db.Read(context.Background()), after, 100)
			if err != nil {
				t.Fatal(err)
			}
			want := int64(len(triggers))
			untold, err := s.store.UntoldAfter(s.db.Read(context.Background()), after)
			switch {
			case err != nil || want == 0 && len(untold) > 0 || want > 0 && len(untold) != 1:
				t.Errorf("after %d: %+v, %v, want %d", after, untold, err, want)
			case want > 0:
				u := untold[0]
				if u.Count != want || u.Kind != cart.Converted || !u.Trigger().Goes(cart.Webhook) || u.Oldest != triggers[0].At {
					t.Errorf("after %d: %+v, want %d of %s", after, u, want, triggers[0].At.Time())
				}
			}
		}
	})
}

func TestMessages(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 2, by("phone"), customer("ann"), email("ann@example.com")))
		s.detect(60)
		s.happens(61, ordered("1", customer("ann"), named("A"), of("cup", 2, 450)))
		s.happens(62, added("bob", "pot"))
		s.happens(63, ordered("2", by("bob")))
		want := []string{`{
			"type": "cart.abandoned",
			"timestamp": "2026-03-01T11:00:00Z",
			"data": {
				"cart": {
					"id": 2, "cart_id": "A", "status": "ordered", "currency": "EUR", "value": 1000, "units": 2,
					"lines": [{"product_id": "cup", "quantity": 2, "unit_price": 500}],
					"episode": 1, "began_at": "2026-03-01T10:00:00Z", "abandoned_at": "2026-03-01T11:00:00Z"
				},
				"visitor": {"id": 2, "anonymous_id": "phone", "email": "ann@example.com",
					"anonymous_ids": ["phone"], "user_id": "ann", "emails": ["ann@example.com"]},
				"trigger_id": "trg_2_1_cart_abandoned",
				"order": null
			}
		}`, `{
			"type": "cart.recovered",
			"timestamp": "2026-03-01T11:01:00Z",
			"data": {
				"cart": {
					"id": 2, "cart_id": "A", "status": "ordered", "currency": "EUR", "value": 1000, "units": 2,
					"lines": [{"product_id": "cup", "quantity": 2, "unit_price": 500}],
					"episode": 1, "began_at": "2026-03-01T10:00:00Z", "abandoned_at": "2026-03-01T11:00:00Z"
				},
				"visitor": {"id": 2, "anonymous_id": "phone", "email": "ann@example.com",
					"anonymous_ids": ["phone"], "user_id": "ann", "emails": ["ann@example.com"]},
				"trigger_id": "trg_2_1_cart_recovered",
				"order": {"order_id": "1", "seq": 4, "visitor_id": 2, "cart_id": "A", "user_id": "ann",
					"currency": "EUR", "total": 500, "lines": [{"product_id": "cup", "quantity": 2, "unit_price": 450}],
					"source": "backend", "refunded": 0, "cancelled": false,
					"received_at": "2026-03-01T11:01:00Z", "occurred_at": "2026-03-01T11:01:00Z"}
			}
		}`, `{
			"type": "cart.converted",
			"timestamp": "2026-03-01T11:03:00Z",
			"data": {
				"cart": {
					"id": 5, "cart_id": null, "status": "ordered", "currency": "EUR", "value": 500, "units": 1,
					"lines": [{"product_id": "pot", "quantity": 1, "unit_price": 500}],
					"episode": 1, "began_at": "2026-03-01T11:02:00Z", "abandoned_at": null
				},
				"visitor": {"id": 5, "anonymous_id": "bob", "anonymous_ids": ["bob"], "emails": []},
				"trigger_id": "trg_5_1_cart_converted",
				"order": {"order_id": "2", "seq": 6, "visitor_id": 5,
					"currency": "EUR", "total": 500, "lines": [],
					"source": "backend", "refunded": 0, "cancelled": false,
					"received_at": "2026-03-01T11:03:00Z", "occurred_at": "2026-03-01T11:03:00Z"}
			}
		}`}
		got := s.messages()
		if len(got) != len(want) {
			t.Fatalf("%d messages", len(got))
		}
		for i, body := range got {
			var compact bytes.Buffer
			if err := json.Compact(&compact, []byte(want[i])); err != nil {
				t.Fatal(err)
			}
			if string(body) != compact.String() {
				t.Errorf("message %d\n%s\nwant\n%s", i, body, compact.String())
			}
		}
	})
}

// messages returns the bodies for the real triggers.
func (s *shop) messages() (bodies [][]byte) {
	s.t.Helper()
	write(s.t, s.db, func(tx *gorm.DB) error {
		for _, t := range s.told() {
			m, err := cart.NewMessages(cart.RulesOf(flow.Default())).Message(tx, t)
			if err != nil {
				return err
			}
			body, err := m.Body()
			if err != nil {
				return err
			}
			bodies = append(bodies, body)
		}
		return nil
	})
	return bodies
}
