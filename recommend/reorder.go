package recommend

import (
	"cmp"
	"math"
	"slices"

	"cartwright/sessions"
)

const (
	// reorderGap is how many hours lie between an order and a reorder at least: what is
	// sooner was forgotten, or is one order in two parcels.
	reorderGap = 24
	// learnedReorders is how many reorders tell that a product is used up, if they are one to
	// so many buyers or more, and in what time.
	learnedReorders = 5
	buyersAReorder  = 5
	// ownReorders is how many reorders of one shopper tell in what time it is.
	ownReorders = 2
	// reorderEarly is which part of that time has to be over, reorderLate after how many
	// times as long nobody is reminded any more.
	reorderEarly, reorderLate = .75, 4
	// assumedHours is the time in which what the catalog says is used up is bought again, as
	// long as no orders tell.
	assumedHours = 30 * 24
	// mostAgain is how many products of an answer are what was bought before.
	mostAgain = 3
)

// purchase is a product that a shopper bought.
type purchase struct {
	item   string
	at     sessions.Millis // the last time
	orders int64           // that are at least a day apart
	hours  int64           // between the first and the last of them
}

// String is the product id.
func (p purchase) String() string { return p.item }

// again notes another order, unless it is the same one that came another way.
func (p *purchase) again(at sessions.Millis, counts bool) {
	hours := int64(at-p.at) / millisPerHour
	switch {
	case !counts:
	case p.orders == 0:
		p.orders = 1
	case hours >= reorderGap:
		p.orders++
		p.hours += hours
	}
	p.at = max(p.at, at)
}

// reorders are the orders of a product by shoppers who are remembered.
type reorders struct {
	buyers, reorders, hours int64
}

// count adds what a shopper bought, or takes it off.
func (m *memory) count(p *purchase, sign int64) {
	if p.orders == 0 {
		return
	}
	r := m.reorders[p.item]
	r.buyers += sign
	r.reorders += sign * (p.orders - 1)
	r.hours += sign * p.hours
	m.reorders[p.item] = r
	if r.buyers == 0 {
		delete(m.reorders, p.item)
	}
}

// reordered says in how many hours a shopper buys a product again, and how many reorders
// tell it; 0 if none do. Learned is whether they are as many as of something that is used up.
func (m *memory) reordered(p *purchase) (hours float64, support int64, learned bool) {
	if n := p.orders - 1; n >= ownReorders {
		return float64(p.hours) / float64(n), n, true
	}
	r := m.reorders[p.item]
	if r.reorders < learnedReorders {
		return 0, 0, false
	}
	return float64(r.hours) / float64(r.reorders), r.reorders, r.reorders*buyersAReorder >= r.buyers
}

// refill is when something is bought again.
type refill struct {
	may     bool    // it is used up, and its time has come, as far as that is known
	due     float64 // how much of its time is over: 1 when it usually is bought again
	support int64   // reorders that tell the time
	days    int
}

// refill says whether what a shopper bought is wanted again. Where the catalog does not say
// whether a product is used up, orders do.
func (a *answering) refill(p *purchase) (r refill) {
	use := a.shelf.use(p.item)
	hours, support, learned := a.memory.reordered(p)
	if use == durable || use == unknownUse && !learned {
		return r
	}
	known := support > 0
	if !known {
		hours = assumedHours
	}
	r.due = float64(a.memory.newest-p.at) / millisPerHour / hours
	return refill{may: !known || r.due >= reorderEarly, due: r.due, support: support, days: int(math.Round(hours / 24))}
}

// buyAgain is what the shopper bought and is about to use up, that first whose time is now.
func (a *answering) buyAgain() {
	for i := range a.shopper.bought {
		p := &a.shopper.bought[i]
		r := a.refill(p)
		if p.at == 0 || !r.may || r.due < reorderEarly || r.due > reorderLate || a.excludes(p.item) {
			continue
		}
		a.found = append(a.found, found{Scored: Scored{p.item, min(r.due, 1/r.due), int(r.support)}, days: r.days})
	}
	slices.SortFunc(a.found, func(x, y found) int { return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Item, y.Item)) })
	a.found = a.found[:min(len(a.found), mostAgain)]
}
