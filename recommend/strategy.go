package recommend

import "slices"

// Strategy is a way to find items.
type Strategy string

// The strategies.
const (
	BuyAgain        Strategy = "buy_again"        // what the shopper bought and is about to use up
	LikelyNext      Strategy = "likely_next"      // what the blend of all that sessions tell puts first
	SimilarSessions Strategy = "similar_sessions" // what sessions most like the shopper's contain
	ViewTogether    Strategy = "viewed_together"  // what shares sessions with an item
	BuyTogether     Strategy = "bought_together"  // what was bought in the same sessions
	SimilarProducts Strategy = "similar_products" // what the catalog describes as it does an item
	CategoryPopular Strategy = "popular_in_category"
	PopularNow      Strategy = "popular"
	InCatalog       Strategy = "catalog" // the catalog by product id: what is left when nothing is known
)

// seedLimit is how many items of a cart or of a history lists are made for.
const seedLimit = 10

// Strategies lists all strategies.
func Strategies() []Strategy {
	return []Strategy{BuyAgain, LikelyNext, SimilarSessions, ViewTogether, BuyTogether, SimilarProducts, CategoryPopular, PopularNow, InCatalog}
}

// likely asks for what the blend puts first.
func (a *answering) likely(n int) []Scored {
	q := a.query(BlendK, n)
	if a.request.Explain {
		a.terms = map[string][]Term{}
		q.Explain = func(item string, terms []Term) { a.terms[item] = terms }
	}
	return a.index.Blend(q, a.scored)
}

// similar asks for what sessions like the shopper's contain.
func (a *answering) similar(n int) []Scored {
	return a.index.Neighbours(a.query(ServingK, n), a.scored)
}

// query is about the shopper's session. The item looked at is its newest step, even if
// the event that says so is still on its way, and what is in the cart stands before all
// else.
func (a *answering) query(k, n int) Query {
	items := a.shopper.items
	a.steps = a.steps[:0]
	if a.request.Context.aboutCart() {
		a.addNewCartLines()
	}
	a.steps = append(a.steps, items...)
	if last := len(items) - 1; a.about() && (last < 0 || items[last] != a.page()) {
		a.steps = append(a.steps, a.page())
	}
	a.earlier = a.shopper.earlier(a.earlier[:0])
	return Query{
		Items: a.steps, Earlier: a.earlier, Apart: a.apart(),
		M: ServingM, K: k, N: n, Own: a.shopper.session, Unseen: true, Exclude: a.exclude,
	}
}

// apart is how many steps back the shopper's history stands: a day counts as a step, up to a
// week, and where the context is about something it stands further back.
func (a *answering) apart() int {
	steps := 1 + min(a.shopper.away, 7)
	if a.request.Context != Home && a.request.Context != Email {
		steps += 3
	}
	return steps
}

// addNewCartLines adds the lines of the cart that were not looked at in this session
// to the steps.
func (a *answering) addNewCartLines() {
	for _, item := range a.shopper.cart[:min(len(a.shopper.cart), streamSteps)] {
		if !slices.Contains(a.shopper.items, item) {
			a.steps = append(a.steps, item)
		}
	}
}

// viewed is what was viewed together with a seed, without pairs for which only the asking
// session itself speaks.
func (a *answering) viewed(n int) (more bool) {
	more = a.merge(a.seeds, n+len(a.own), func(seed string, n int, dst []Scored) []Scored {
		return a.index.ViewedTogether(seed, n, a.exclude, dst)
	})
	a.found = slices.DeleteFunc(a.found, func(f found) bool { return f.Support == 1 && slices.Contains(a.own, f.Item) })
	more = more || len(a.found) > n
	a.found = a.found[:min(len(a.found), n)]
	return more
}

// bought is what was bought together with a seed, or, where that may be of use, with what
// the shopper bought before, without pairs for which only an order of their own may speak.
func (a *answering) bought(n int) (more bool) {
	seeds := a.seeds
	if a.request.Context == Home || a.request.Context == Email {
		seeds = seeds[:len(seeds):len(seeds)]
		for _, p := range slices.Backward(a.shopper.lastBought()) {
			if !slices.Contains(seeds, p.item) {
				seeds = append(seeds, p.item)
			}
		}
	}
	more = a.merge(seeds, n+len(a.shopper.bought), func(seed string, n int, dst []Scored) []Scored {
		return a.index.BoughtTogether(seed, n, a.exclude, dst)
	})
	a.found = slices.DeleteFunc(a.found, func(f found) bool { return f.Support == 1 && a.shopper.hasBought(f.Item) })
	more = more || len(a.found) > n
	a.found = a.found[:min(len(a.found), n)]
	return more
}

// resembling is what the catalog describes as it does a seed.
func (a *answering) resembling(n int) (more bool) {
	return a.merge(a.seeds, n, func(seed string, n int, dst []Scored) []Scored {
		return a.shelf.resemblance.like(&a.likeness, seed, n, a.exclude, dst)
	})
}

// merge merges the lists of all seeds: an item stands where the seed that it
// goes with best puts it, of equals the more telling seed. It says whether there may
// be more than n.
func (a *answering) merge(seeds []string, n int, list func(seed string, n int, dst []Scored) []Scored) (more bool) {
	a.lists = a.lists[:0]
	for _, seed := range seeds {
		from := len(a.scored)
		a.scored = list(seed, n, a.scored)
		a.lists = append(a.lists, a.scored[from:])
	}
	clear(a.listed)
	for len(a.found) < n {
		best := a.bestList()
		if best < 0 {
			return false
		}
		s := a.lists[best][0]
		a.lists[best] = a.lists[best][1:]
		if len(a.lists) > 1 && a.listed[s.Item] {
			continue
		}
		a.listed[s.Item] = true
		seed := seeds[best]
		if a.request.Context == Product {
			seed = "" // it is the page's own product
		}
		a.found = append(a.found, found{Scored: s, seed: seed})
	}
	return true
}

// bestList is which list the next item of a merge comes from, -1 if all are used up.
func (a *answering) bestList() int {
	best := -1
	for i, list := range a.lists {
		if len(list) == 0 {
			continue
		}
		if best < 0 || list[0].above(a.lists[best][0]) {
			best = i
		}
	}
	return best
}

// popularInCategory asks for what is popular among products like the one asked about,
// or else like the most telling one of the shopper's.
func (a *answering) popularInCategory(n int) []Scored {
	if len(a.seeds) == 0 {
		return a.scored
	}
	category := a.shelf.category(a.seeds[0])
	if category == "" || a.picky.full(category) {
		return a.scored
	}
	return a.popular(category, n)
}
