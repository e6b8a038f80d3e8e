package cart

import (
	"gorm.io/gorm"

	"cartwright/sessions"
)

// LoadFacts returns what decisions on carts rest on, in their order. Cost: about
// ten queries for 500 carts, all by index.
func LoadFacts(tx *gorm.DB, carts []Cart) ([]Facts, error) {
	orders, err := loadStanding(tx, carts)
	if err != nil {
		return nil, err
	}
	seen, err := sessions.LastActivity(tx, visitorList(carts))
	if err != nil {
		return nil, err
	}
	facts := make([]Facts, len(carts))
	for i, c := range carts {
		facts[i] = Facts{Cart: c, Seen: seen[c.Visitor]}
		facts[i].Order, facts[i].Identity = orders.against(c)
	}
	return facts, nil
}

func visitorsOf(carts []Cart) map[sessions.VisitorID]bool {
	visitors := map[sessions.VisitorID]bool{}
	for _, c := range carts {
		if c.Visitor != 0 {
			visitors[c.Visitor] = true
		}
	}
	return visitors
}
