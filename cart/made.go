package cart

import (
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// made are the decisions that were made before, of carts in their episodes.
type made map[episode][]decisionRow

type episode struct {
	cart    ID
	episode int64
}

// loadMade reads the decisions on carts that were left, dry or real ones, not those on steps.
func loadMade(tx *gorm.DB, carts []Cart, dry bool) (made, error) {
	ids := make([]int64, len(carts))
	for i, c := range carts {
		ids[i] = int64(c.ID)
	}
	m := made{}
	return m, database.Each(ids, func(part []int64) error {
		var rows []decisionRow
		err := tx.Where("cart IN ? AND step = 0 AND dry = ?", part, flag(dry)).Find(&rows).Error
		if err != nil {
			return fmt.Errorf("load earlier decisions: %w", err)
		}
		for _, r := range rows {
			key := episode{ID(r.Cart), r.Episode}
			m[key] = append(m[key], r)
		}
		return nil
	})
}

// already reports whether a decision would add nothing: a final one was made, or
// the same one. That no flow takes a cart is final only until its shopper goes to
// the checkout, and is said again then.
func (m made) already(c Cart, o Outcome, r Reason) bool {
	for _, before := range m[episode{c.ID, c.Episode}] {
		switch Outcome(before.Outcome) {
		case Pass:
		case Hold:
			if o == Hold && Reason(before.Reason) == r {
				return true
			}
		default:
			return true
		}
	}
	return false
}
