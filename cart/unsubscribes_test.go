package cart_test

import (
	"fmt"
	"testing"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Whoever leaves does so by the last mail before.
func TestReadUnsubscribes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		write(t, db, func(tx *gorm.DB) error {
			for seq, d := range map[int]string{10: "cart 1", 11: "cart 2", 12: "checkout 1"} {
				var flow string
				var step int
				if _, err := fmt.Sscan(d, &flow, &step); err != nil {
					return err
				}
				err := tx.Exec(`INSERT INTO decisions (seq, cart, episode, flow, step, dry, outcome, reason, order_id, abandoned_at, decided_at, seen)
					VALUES (?, 1, 1, ?, ?, 0, 'trigger', 'idle', '', 0, 0, 0)`, seq, flow, step).Error
				if err != nil {
					return err
				}
			}
			for _, row := range []string{"(10, 'ann', '', 1, 100)", "(11, 'ann', '', 1, 200)", "(12, 'ann', '', 1, 300)", "(13, 'bob', '', 1, 100)"} {
				if err := tx.Exec("INSERT INTO mailed (seq, address_hash, network, cart, mailed_at) VALUES " + row).Error; err != nil {
					return err
				}
			}
			for _, row := range []string{"(21, 'ann', 250)", "(22, 'cat', 200)", "(23, 'dan', 400)", "(24, 'eve', 199)"} {
				if err := tx.Exec("INSERT INTO unsubscribes (seq, address_hash, occurred_at) VALUES " + row).Error; err != nil {
					return err
				}
			}
			return nil
		})
		got, err := cart.ReadUnsubscribes(db.Read(t.Context()), 200, 400)
		if want := []cart.Unsubscribe{{Flow: "cart", Step: 2, Channel: cart.Email}, {Channel: cart.Email}}; err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// Who consents again has unsubscribed all the same, and may do so again.
func TestAnUnsubscribeStays(t *testing.T) {
	story(t, func(s *shop) {
		p := s.preferences()
		token := p.UnsubscribeToken("ann@example.com")
		leave := func(minutes int) {
			for range 2 {
				if err := p.Unsubscribe(t.Context(), token, millis(minutes)); err != nil {
					t.Fatal(err)
				}
			}
		}
		mayMail := func(want cart.Reason) {
			t.Helper()
			if said, err := p.Said(t.Context(), "ann@example.com", cart.DefaultMailRules()); err != nil || said.Refusal != want || said.MayMail != (want == "") {
				t.Errorf("may be mailed: %t, %q (%v); want %q", said.MayMail, said.Refusal, err, want)
			}
		}
		leave(10)
		mayMail(cart.Suppressed)
		if _, err := p.Suppress(t.Context(), []cart.Held{{Email: "bob@example.com", Reason: cart.Bounced, At: millis(10)}}, millis(10)); err != nil {
			t.Fatal(err)
		}
		s.happens(20, identify(sessions.Backend, by("a"), email("ann@example.com"), consent(sessions.MailGranted, 20)))
		if _, err := p.Release(t.Context(), "ann@example.com", millis(30)); err != nil {
			t.Fatal(err)
		}
		mayMail("")
		leave(40)
		mayMail(cart.Suppressed)
		s.expect("SELECT occurred_at FROM unsubscribes ORDER BY seq", fmt.Sprintf("occurred_at\n%d\n%d", millis(10), millis(40)))
	})
}
