package cart_test

import (
	"fmt"
	"testing"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
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
			for _, row := range []string{"('ann', 'unsubscribe', '', 250, '[]', 1)", "('ann', 'bounce', '', 250, '[]', 1)", "('cat', 'unsubscribe', '', 200, '[]', 1)", "('dan', 'unsubscribe', '', 400, '[]', 1)", "('eve', 'unsubscribe', '', 199, '[]', 1)"} {
				if err := tx.Exec("INSERT INTO suppressions (address_hash, reason, detail, occurred_at, times, seq) VALUES " + row).Error; err != nil {
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
