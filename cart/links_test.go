package cart_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
)

const week = 7 * 24 * time.Hour

// shelf is a catalog of what stands on it.
type shelf map[sessions.ProductID]sessions.Product

func (s shelf) Entries(_ context.Context, ids []sessions.ProductID) (map[sessions.ProductID]sessions.Product, error) {
	entries := map[sessions.ProductID]sessions.Product{}
	for _, id := range ids {
		if p, known := s[id]; known {
			entries[id] = p
		}
	}
	return entries, nil
}

// link makes a link for a trigger some minutes after start, for a mail.
func (s *shop) link(t cart.Trigger, minutes int) (token string) {
	s.t.Helper()
	write(s.t, s.db, func(tx *gorm.DB) (err error) {
		token, err = cart.NewLink(tx, t, cart.Email, millis(minutes), week)
		return err
	})
	return token
}

func (s *shop) links(c cart.Catalog) *cart.Links { return cart.NewLinks(s.db, s.log, c) }

// click follows a token's link as a person does, and returns whether it was counted.
func (s *shop) click(token string, minutes int) bool {
	s.t.Helper()
	links := s.links(shelf{})
	link, err := links.Find(context.Background(), token, at(minutes))
	if err != nil {
		s.t.Fatal(err)
	}
	counted, err := links.Click(context.Background(), link, at(minutes))
	if err != nil {
		s.t.Fatal(err)
	}
	return counted
}

// restored is what a token shows, as it is sent but for the end of the link.
func (s *shop) restored(c cart.Catalog, token string, minutes int) string {
	s.t.Helper()
	r, err := s.links(c).Restore(context.Background(), token, at(minutes))
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		s.t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(body), `,"expires_at"`)
	return text + "}"
}

func TestLinkIsKeptAsAHash(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 2, by("ann")))
		s.detect(60)
		token := s.link(s.told()[0], 60)
		bits, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(bits) != 16 {
			t.Fatalf("token %q: %d bytes, %v", token, len(bits), err)
		}
		rows := testdb.Rows(t, s.db, "SELECT * FROM links")
		if strings.Contains(rows, token) || strings.Contains(rows, fmt.Sprintf("%x", bits)) {
			t.Errorf("the token stands in the database:\n%s", rows)
		}
		s.expect("SELECT trigger_id, cart, channel, lines, expires_at - created_at AS life FROM links", `
			trigger_id              cart  channel  lines                                                  life
			trg_2_1_cart_abandoned  2     email    [{"product_id":"cup","quantity":2,"unit_price":500}]  604800000`)
	})
}

func TestFindLink(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")))
		s.detect(60)
		token, other := s.link(s.told()[0], 60), s.link(s.told()[0], 61)
		if token == other {
			t.Fatal("two links have one token")
		}
		life := int(week / time.Minute)
		last := token[len(token)-1]
		for name, c := range map[string]struct {
			token   string
			minutes int
			found   bool
		}{
			"at once":            {token, 60, true},
			"the other one":      {other, 61, true},
			"again":              {token, 61, true},
			"at the last minute": {token, 60 + life - 1, true},
			"at its end":         {token, 60 + life, false},
			"nothing":            {"", 60, false},
			"too short":          {token[:21], 60, false},
			"too long":           {token + "A", 60, false},
			"padded":             {token + "==", 60, false},
			"other letters":      {strings.ToLower(token) + strings.ToUpper(token[:0]), 60, strings.ToLower(token) == token},
			"spelled otherwise":  {token[:21] + string(last+1), 60, false}, // the last letter holds two bits
			"a line end":         {token + "\n", 60, false},
			"its hash":           {strings.Repeat("A", 22), 60, false},
			"SQL":                {"' OR 1=1 --", 60, false},
		} {
			_, err := s.links(shelf{}).Find(context.Background(), c.token, at(c.minutes))
			if (err == nil) != c.found || err != nil && !errors.Is(err, sessions.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

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
		m, err := cart.NewMessages(cart.DefaultFlow()).Message(s.db.Read(t.Context()), clicked)
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

// A trigger about no cart, as of a shopper who only looked around, has links too.
func TestLinkWithoutACart(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")))
		s.detect(60)
		write(t, s.db, func(tx *gorm.DB) error { // as a flow over sessions makes it
			return tx.Exec("UPDATE triggers SET cart = 0, kind = 'browse.abandoned'").Error
		})
		token := s.link(s.told()[0], 60)
		if !s.click(token, 61) {
			t.Error("the click was not counted")
		}
		s.expect("SELECT cart, visitor_id FROM clicks", "cart visitor_id\n0 2")
		if got, want := s.restored(shelf{}, token, 61), `{"status":"empty","lines":[],"value":null,"changes":[]}`; got != want {
			t.Errorf("got %s", got)
		}
		m, err := cart.NewMessages(cart.DefaultFlow()).Message(s.db.Read(t.Context()), s.told()[1])
		if err != nil || m.Data.Visitor.ID != 2 || m.Data.Cart.ID != 0 || m.Data.Cart.Lines == nil {
			t.Errorf("%+v, %v", m, err)
		}
		write(t, s.db, func(tx *gorm.DB) error {
			return tx.Exec("UPDATE triggers SET cart = 2, kind = 'cart.abandoned' WHERE cart = 0 AND kind = 'browse.abandoned'").Error
		})
	})
}

func TestPruneLinks(t *testing.T) {
	story(t, func(s *shop) {
		s.happens(0, put("A", "cup", 1, by("ann")))
		s.detect(60)
		s.link(s.told()[0], 60)
		s.link(s.told()[0], 61)
		kept := int((week + 30*24*time.Hour) / time.Minute)
		for _, c := range []struct {
			minutes int
			want    int64
		}{{60 + kept, 0}, {61 + kept, 1}, {61 + kept, 0}, {62 + kept, 1}} {
			write(t, s.db, func(tx *gorm.DB) error {
				n, all, err := cart.PruneLinks(tx, millis(c.minutes))
				if n != c.want || !all {
					t.Errorf("after %d minutes: dropped %d, all %t", c.minutes, n, all)
				}
				return err
			})
		}
	})
}
