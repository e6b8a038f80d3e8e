package cart_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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

func (s shelf) Entries(_ *gorm.DB, ids []sessions.ProductID) (map[sessions.ProductID]sessions.Product, error) {
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

// A trigger about a session, of a shopper who only looked around, has links too: they lead
// to what was looked at.
func TestLinkWithoutACart(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: looking, kind: browse, wait: 1h, steps: []}")
		s.detect(0)
		s.happens(0, viewed("ann", "cup"))
		s.follows()
		s.detect(60)
		token := s.link(s.told()[0], 60)
		if !s.click(token, 61) {
			t.Error("the click was not counted")
		}
		s.expect("SELECT cart, visitor_id FROM clicks", "cart visitor_id\n0 3")
		if got := s.restored(shelf{}, token, 61); !strings.Contains(got, `"status":"open"`) || !strings.Contains(got, `"product_id":"cup"`) || strings.Contains(got, "ann") {
			t.Errorf("got %s", got)
		}
		clicked := s.told()[1]
		m, err := cart.NewMessages(s.rules).Message(s.db.Read(t.Context()), clicked)
		if err != nil || m.Type != cart.Clicked || m.Data.Visitor.ID != 3 || m.Data.Cart != nil || m.Data.Session.ID != 3 || m.Data.Click.Trigger == "" || m.Timestamp != at(61) {
			t.Errorf("%s: %+v, %v", clicked.ID, m, err)
		}
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
