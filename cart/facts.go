package cart

import (
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// LoadFacts returns what decisions on carts rest on, in their order. Orders from before
// the carts' episodes count, for the cool-down, if they were received since a time. Cost:
// about ten queries for 500 carts, all by index.
func LoadFacts(tx *gorm.DB, carts []Cart, received sessions.Millis) ([]Facts, error) {
	orders, err := loadStanding(tx, carts, received)
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
		orders.weigh(&facts[i], c)
	}
	return facts, nil
}

// facts are those of carts as the plan asks of them.
func (r *run) facts(carts []Cart) ([]Facts, error) { return LoadFacts(r.tx, carts, r.cooling()) }

// cooling returns since when an order can still hold what the plan would send.
func (r *run) cooling() sessions.Millis {
	var longest time.Duration
	for _, f := range r.plan {
		longest = max(longest, f.CoolDown)
	}
	return r.now.Add(-longest)
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
