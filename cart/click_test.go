package cart_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"cartwright/cart"
	"cartwright/sessions"
)

// Clicks of the same trigger within an hour are one, whichever of its links.
func TestClicks(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann"), email("ann@example.com")), put("B", "pot", 1, by("bob")))
		s.detect(60)
		told := s.told()
		first, second, others := s.link(told[0], 60), s.link(told[0], 61), s.link(told[1], 60)
		for _, c := range []struct {
			token   string
			minutes int
			counts  bool
		}{
			{first, 70, true}, {first, 70, false}, {second, 100, false}, {others, 100, true}, {first, 129, false}, {second, 130, true}, {first, 189, false},
		} {
			if got := s.click(c.token, c.minutes); got != c.counts {
				t.Errorf("a click after %d minutes: counted %t", c.minutes, got)
			}
		}
		s.expect("SELECT trigger_id, cart, visitor_id, flow, step, channel, (at - "+fmt.Sprint(int64(millis(0)))+") / 60000 AS minute FROM clicks ORDER BY seq", `
			trigger_id              cart  visitor_id  flow  step  channel  minute
			trg_2_1_cart_abandoned  2     2           cart  0     email    70
			trg_3_1_cart_abandoned  3     3           cart  0     email    100
			trg_2_1_cart_abandoned  2     2           cart  0     email    130`)
		s.expect("SELECT id, kind, cart, episode, flow, channels FROM triggers WHERE kind = 'recovery.clicked' ORDER BY seq", `
			id                         kind              cart  episode  flow   channels
			trg_2_1_recovery_clicked_6 recovery.clicked  2     1        click  webhook
			trg_3_1_recovery_clicked_7 recovery.clicked  3     1        click  webhook
			trg_2_1_recovery_clicked_8 recovery.clicked  2     1        click  webhook`)
		if v, err := sessions.Verify(context.Background(), s.db, []sessions.Projection{s.store}); err != nil || len(v.Differences) > 0 {
			t.Errorf("the log says otherwise: %v, %v", v.Differences, err)
		}
	})
}

// A click is no activity of the shopper: what counts is what they do then. The
// control is a page view, which is.
func TestClickIsNoActivity(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")))
		s.detect(60)
		abandoned := s.told()[0]
		s.click(s.link(abandoned, 60), 90)
		s.wantRecheck(abandoned, 91, "")
		s.happens(91, page("ann"))
		s.wantRecheck(abandoned, 92, "shopper_active until 2h1m0s")
	})
}

// Of many who click at once, one is counted.
func TestClicksAtOnce(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")))
		s.detect(60)
		token := s.link(s.told()[0], 60)
		links := s.links(shelf{})
		link, err := links.Find(t.Context(), token, at(61))
		if err != nil {
			t.Fatal(err)
		}
		counted := make([]bool, 20)
		var all sync.WaitGroup
		for i := range counted {
			all.Go(func() {
				var err error
				if counted[i], err = links.Click(context.Background(), link, at(61)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		n := 0
		for _, c := range counted {
			if c {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d clicks were counted", n)
		}
		s.expect("SELECT count(*) AS n FROM clicks", "n\n1")
	})
}

func TestClickedMessage(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 2, by("ann"), email("ann@example.com")))
		s.detect(60)
		s.click(s.link(s.told()[0], 60), 90)
		clicked := s.told()[1]
		s.wantRecheck(clicked, 90, "")
		m, err := cart.NewMessages(s.rules).Message(s.db.Read(t.Context()), clicked)
		if err != nil {
			t.Fatal(err)
		}
		body, err := m.Body()
		if err != nil {
			t.Fatal(err)
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, body, "", " "); err != nil {
			t.Fatal(err)
		}
		const want = `{
 "type": "recovery.clicked",
 "timestamp": "2026-03-01T11:30:00Z",
 "data": {
  "cart": {
   "id": 2,
   "cart_id": "A",
   "status": "open",
   "currency": "EUR",
   "value": 1000,
   "units": 2,
   "lines": [
    {
     "product_id": "cup",
     "quantity": 2,
     "unit_price": 500
    }
   ],
   "episode": 1,
   "began_at": "2026-03-01T10:00:00Z",
   "abandoned_at": "2026-03-01T11:00:00Z"
  },
  "visitor": {
   "id": 2,
   "anonymous_id": "ann",
   "email": "ann@example.com",
   "anonymous_ids": [
    "ann"
   ],
   "emails": [
    "ann@example.com"
   ]
  },
  "trigger_id": "trg_2_1_recovery_clicked_4",
  "order": null,
  "click": {
   "trigger_id": "trg_2_1_cart_abandoned",
   "flow": "cart",
   "step": 0,
   "channel": "email"
  }
 }
}`
		if indented.String() != want {
			t.Errorf("got %s", indented.String())
		}
	})
}
