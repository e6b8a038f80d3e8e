package recommend

import (
	"slices"

	"cartwright/sessions"
)

// answering is an answer while it is made, under the recommender's lock. Answers are
// made in rooms that were used before: all but the items is overwritten by the next.
type answering struct {
	*Recommender
	request Request
	shopper shopper
	barred  map[string]bool // items that must not be shown (again)
	items   []Item
	exclude func(item string) bool // excludes, made once

	found   []found
	scored  []Scored
	lists   [][]Scored
	listed  map[string]bool
	steps   []string
	seeds   []string
	own     []string
	reasons []byte
	ends    []int // of the items' reasons
}

// found is an item that a strategy found. Seed is the item that led there, empty
// if none did or if it goes without saying.
type found struct {
	Scored
	seed string
}

func newAnswering() any {
	a := &answering{barred: map[string]bool{}, listed: map[string]bool{}}
	a.exclude = a.excludes
	return a
}

// answer makes the items of an answer for a shopper of whom the shop knows, beside
// what is remembered, the cart and what was bought.
func (r *Recommender) answer(q Request, who Shopper, cart, bought []string) []Item {
	a := r.rooms.Get().(*answering)
	defer r.rooms.Put(a)
	a.Recommender, a.request, a.items = r, q, make([]Item, 0, q.N)
	defer func() { a.items = nil }() // they are the caller's
	a.shopper.recall(r.memory, who)
	a.shopper.learn(cart, bought)
	a.ask()
	return a.items
}

// ask goes through the chain of the context until the answer is full.
func (a *answering) ask() {
	a.reasons, a.ends = a.reasons[:0], a.ends[:0]
	a.bar()
	a.chooseSeeds()
	for _, strategy := range a.request.Context.chain() {
		if missing := a.request.N - len(a.items); missing > 0 {
			a.find(strategy, missing)
			a.add(strategy)
		}
	}
	text, from := string(a.reasons), 0
	for i, end := range a.ends {
		a.items[i].Reason = text[from:end]
		from = end
	}
}

// bar rules out the item asked about, what is in the cart and what was bought,
// unless it is used up and bought again.
func (a *answering) bar() {
	clear(a.barred)
	if a.request.Context == Product {
		a.barred[string(a.request.Item)] = true
	}
	for _, item := range a.shopper.bought {
		if !a.shelf.consumable(item) {
			a.barred[item] = true
		}
	}
	for _, item := range a.shopper.cart {
		a.barred[item] = true
	}
}

// excludes reports whether an item must not be shown.
func (a *answering) excludes(item string) bool { return a.barred[item] || !a.shelf.sells(item) }

// add enters what a strategy found.
func (a *answering) add(s Strategy) {
	for _, f := range a.found[:min(len(a.found), a.request.N-len(a.items))] {
		a.barred[f.Item] = true
		product, encoded := a.shelf.product(f.Item)
		a.reasons = a.appendReason(a.reasons, s, f)
		a.ends = append(a.ends, len(a.reasons))
		a.items = append(a.items, Item{
			ID: sessions.ProductID(f.Item), Score: f.Score, Strategy: s, Support: f.Support, Product: product, encoded: encoded,
		})
	}
}

// find asks a strategy for n items.
func (a *answering) find(s Strategy, n int) {
	a.found, a.scored = a.found[:0], a.scored[:0]
	switch s {
	case SimilarSessions:
		a.unseeded(a.similar(n))
	case ViewTogether:
		a.viewed(n)
	case BuyTogether:
		a.together(n, true)
	case CategoryPopular:
		a.unseeded(a.popularInCategory(n))
	case PopularNow:
		a.unseeded(a.popular("", n))
	case InCatalog:
		a.unseeded(a.catalog(n))
	}
}

func (a *answering) unseeded(list []Scored) {
	a.scored = list
	for _, s := range list {
		a.found = append(a.found, found{Scored: s})
	}
}

// chooseSeeds chooses the items that lists of a context are made for, the most
// telling first.
func (a *answering) chooseSeeds() {
	a.own = appendDistinctBackward(a.own[:0], a.shopper.items)
	a.seeds = a.seeds[:0]
	switch a.request.Context {
	case Product:
		a.seeds = append(a.seeds, string(a.request.Item))
	case Cart:
		a.seeds = append(a.seeds, a.shopper.cart...)
		slices.Reverse(a.seeds) // the newest line first
	default:
		a.seeds = append(a.seeds, a.own...)
		for _, item := range a.shopper.before {
			if !slices.Contains(a.seeds, item) {
				a.seeds = append(a.seeds, item)
			}
		}
	}
	a.seeds = a.seeds[:min(len(a.seeds), seedLimit)]
}

func appendDistinctBackward(dst, items []string) []string {
	for _, item := range slices.Backward(items) {
		if !slices.Contains(dst, item) {
			dst = append(dst, item)
		}
	}
	return dst
}
