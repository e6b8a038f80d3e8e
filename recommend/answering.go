package recommend

import (
	"slices"

	"cartwright/sessions"
)

// answering is an answer while it is made, under the recommender's lock. Answers are
// made in rooms that were used before: all is overwritten by the next.
type answering struct {
	*Recommender
	request Request
	shopper shopper
	barred  map[string]bool // items that must not be shown (again)
	reading bool            // something to read is looked for, and no products
	items   []Item
	exclude func(item string) bool // excludes, made once
	unfit   func(item string) bool // fails, made once
	picky   picky

	likeness likeness
	found    []found
	scored   []Scored
	terms    map[string][]Term // of what was found, if it is to be explained
	lists    [][]Scored
	listed   map[string]bool
	steps    []string
	earlier  []string
	seeds    []string
	own      []string
	reasons  []byte
	ends     []int // of the items' reasons
}

// found is an item that a strategy found. Seed is the item that led there, empty
// if none did or if it goes without saying.
type found struct {
	Scored
	seed string
	days int // in which it is bought again, if it is
}

func newAnswering() any {
	a := &answering{items: []Item{}, barred: map[string]bool{}, listed: map[string]bool{}, picky: newPicky()}
	a.exclude, a.unfit = a.excludes, a.fails
	return a
}

// answer makes the items of an answer for a shopper of whom the shop knows, beside
// what is remembered, the cart and what was bought.
func (a *answering) answer(r *Recommender, q Request, who Shopper, cart []string, bought []purchase) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	a.Recommender, a.request, a.items = r, q, a.items[:0]
	a.shopper.recall(r.memory, who)
	a.shopper.learn(cart, bought)
	a.shopper.hear(q.Items, q.Cart)
	a.ask()
}

// leave lets the next answer have the room. It must not keep alive what was in it.
func (a *answering) leave() {
	clear(a.items)
	a.request = Request{}
	a.rooms.Put(a)
}

// ask makes the answer: of products, but for who reads first of what there is to read.
func (a *answering) ask() {
	a.reasons, a.ends = a.reasons[:0], a.ends[:0]
	a.bar()
	a.chooseSeeds()
	if a.reading = a.request.Context == Content && len(a.shelf.contents.ids) > 0; a.reading {
		a.follow()
		a.reading = false
	}
	a.follow()
	text, from := string(a.reasons), 0
	for i, end := range a.ends {
		a.items[i].Reason = text[from:end]
		from = end
	}
}

// follow goes through the chain of the context until the answer is full.
func (a *answering) follow() {
	for _, strategy := range a.chains[a.request.Context] {
		if len(a.items) == a.request.N || a.over() {
			break
		}
		a.exhaust(strategy)
	}
}

// fewMembers is how many products are few enough to be asked about one by one.
const fewMembers = 16

// over reports whether nothing is left that passes the filter, if so few products do that
// this is quickly known. It spares strategies that would look through the whole shop.
func (a *answering) over() bool {
	passing := &a.picky.passing
	if passing.members == nil || len(passing.ids) > fewMembers {
		return false
	}
	for _, id := range passing.ids {
		if !a.excludes(id) {
			return false
		}
	}
	return true
}

// exhaust asks a strategy until the answer is full or the strategy knows no more. What
// it finds must not be in one answer all together, where products are variants of each
// other or there is a bound for a category; then it is asked again, for more, without
// what these bounds rule out by now. So an item is in the answer if it would be in a walk
// through all that the strategy knows, from the best on. Each time the first is taken.
func (a *answering) exhaust(s Strategy) {
	if s == InCatalog {
		a.addCatalog()
		return
	}
	ask := a.request.N - len(a.items)
	for len(a.items) < a.request.N && a.find(s, ask) {
		a.add(s)
		ask = min(2*ask, bestsellersListed)
	}
	a.add(s)
}

// addCatalog adds the products of the catalog that may be shown, by their ids.
func (a *answering) addCatalog() {
	ids := a.shelf.ids
	if a.reading {
		ids = a.shelf.contents.ids
	}
	if a.picky.passing.members != nil {
		ids = a.picky.passing.ids
	}
	for _, id := range ids {
		if len(a.items) == a.request.N {
			return
		}
		if !a.excludes(id) {
			a.found = append(a.found, found{Scored: Scored{Item: id}})
			a.add(InCatalog)
		}
	}
}

// bar rules out the item asked about, what is in the cart, what the request says, and
// what was bought, unless it is used up and its time has come.
func (a *answering) bar() {
	clear(a.barred)
	a.picky.begin(&a.request, a.shelf, a.assortments, a.memory.settings.Currency)
	if a.about() {
		item := a.page()
		a.barred[item] = true
		a.picky.showed(a.shelf.entries[item], item)
	}
	for i := range a.shopper.bought {
		if p := &a.shopper.bought[i]; !a.refill(p).may {
			a.barred[p.item] = true
		}
	}
	for _, item := range a.shopper.cart {
		a.barred[item] = true
	}
	for _, item := range a.request.Exclude {
		a.barred[string(item)] = true
	}
}

// excludes reports whether an item must not be shown.
func (a *answering) excludes(item string) bool {
	return a.picky.lacks(item) || a.barred[item] || a.shelf.content(item) != a.reading || !a.shelf.sells(item) || a.picky.on && a.picky.refuses(a.shelf.entries[item], item)
}

// fails reports whether an item does not pass the filter.
func (a *answering) fails(item string) bool {
	if a.shelf.content(item) != a.reading {
		return true
	}
	if a.picky.filter == nil || a.picky.passing.members != nil {
		return a.picky.lacks(item)
	}
	e := a.shelf.entries[item]
	return e == nil || !a.picky.filter.passes(e, a.picky.currency)
}

// add enters what a strategy found, as far as it may stand beside what is there.
func (a *answering) add(s Strategy) {
	for _, f := range a.found {
		if len(a.items) == a.request.N {
			break
		}
		entry := a.shelf.entries[f.Item]
		if a.picky.on && !a.picky.takes(entry, f.Item) {
			continue
		}
		a.barred[f.Item] = true
		a.reasons = a.appendReason(a.reasons, s, f)
		a.ends = append(a.ends, len(a.reasons))
		item := Item{ID: sessions.ProductID(f.Item), Score: f.Score, Strategy: s, Support: f.Support, Terms: a.explain(s, f)}
		if entry != nil {
			item.Product, item.encoded = &entry.product, entry.encoded
		}
		a.items = append(a.items, item)
	}
	a.found = a.found[:0]
}

// find asks a strategy for n items, and says whether it may know more.
func (a *answering) find(s Strategy, n int) (more bool) {
	a.found, a.scored, a.terms = a.found[:0], a.scored[:0], nil
	switch s {
	case BuyAgain:
		a.buyAgain()
		return false
	case LikelyNext:
		a.unseeded(a.likely(n))
	case SimilarSessions:
		a.unseeded(a.similar(n))
	case ViewTogether:
		return a.viewed(n)
	case BuyTogether:
		return a.bought(n)
	case SimilarProducts:
		return a.resembling(n)
	case CategoryPopular:
		a.unseeded(a.popularInCategory(n))
	case PopularNow:
		a.unseeded(a.popular("", n))
	}
	return len(a.found) >= n
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
	case Cart, Checkout:
		a.addCartSeeds()
	case Email: // of somebody who may have left a cart, or have looked around only
		a.addCartSeeds()
		a.addViewedSeeds()
	case Content:
		if a.about() {
			a.seeds = append(a.seeds, a.page())
		}
		a.addViewedSeeds()
	default:
		a.addViewedSeeds()
	}
	a.seeds = a.seeds[:min(len(a.seeds), seedLimit)]
}

// addCartSeeds adds what is in the cart, the newest line first.
func (a *answering) addCartSeeds() {
	a.seeds = append(a.seeds, a.shopper.cart...)
	slices.Reverse(a.seeds)
}

// addViewedSeeds adds what was looked at, the last first.
func (a *answering) addViewedSeeds() {
	for _, list := range [...][]string{a.own, a.shopper.before} {
		for _, item := range list {
			if len(a.seeds) >= seedLimit {
				return
			}
			if !slices.Contains(a.seeds, item) {
				a.seeds = append(a.seeds, item)
			}
		}
	}
}

func appendDistinctBackward(dst, items []string) []string {
	for _, item := range slices.Backward(items) {
		if !slices.Contains(dst, item) {
			dst = append(dst, item)
		}
	}
	return dst
}
