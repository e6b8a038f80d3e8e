package recommend

import (
	"cmp"
	"slices"

	"cartwright/sessions"
)

// Strategy is a way to find items.
type Strategy string

// The strategies.
const (
	SimilarSessions Strategy = "similar_sessions" // what sessions most like the shopper's contain
	ViewTogether    Strategy = "viewed_together"  // what shares sessions with an item
	BuyTogether     Strategy = "bought_together"  // what was bought in the same sessions
	CategoryPopular Strategy = "popular_in_category"
	PopularNow      Strategy = "popular"
	InCatalog       Strategy = "catalog" // nothing is known yet: the catalog by product id
)

// seedLimit is how many items of a cart or of a history lists are made for.
const seedLimit = 10

// chain lists the strategies of a context. Each fills what those before it left
// empty.
func (c Context) chain() []Strategy {
	switch c {
	case Product:
		return []Strategy{ViewTogether, BuyTogether, SimilarSessions, CategoryPopular, PopularNow, InCatalog}
	case Cart:
		return []Strategy{BuyTogether, SimilarSessions, ViewTogether, PopularNow, InCatalog}
	}
	return []Strategy{SimilarSessions, ViewTogether, BuyTogether, PopularNow, InCatalog}
}

// answering is an answer while it is made, under the recommender's lock.
type answering struct {
	*Recommender
	request Request
	shopper shopper
	barred  map[string]bool // items that must not be shown (again)
	items   []Item
}

// found is an item that a strategy found. Seed is the item that led there, empty
// if none did or if it goes without saying.
type found struct {
	Scored
	seed string
}

// ask makes the items of an answer.
func (r *Recommender) ask(q Request, s shopper) []Item {
	a := &answering{Recommender: r, request: q, shopper: s, barred: map[string]bool{}, items: make([]Item, 0, q.N)}
	a.bar()
	for _, strategy := range q.Context.chain() {
		if missing := q.N - len(a.items); missing > 0 {
			a.add(strategy, a.find(strategy, missing))
		}
	}
	return a.items
}

// bar rules out the item asked about, what is in the cart and what was bought,
// unless it is used up and bought again.
func (a *answering) bar() {
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
func (a *answering) add(s Strategy, list []found) {
	for _, f := range list {
		if len(a.items) == a.request.N {
			return
		}
		a.barred[f.Item] = true
		product, encoded := a.shelf.product(f.Item)
		a.items = append(a.items, Item{
			ID: sessions.ProductID(f.Item), Score: f.Score, Strategy: s, Support: f.Support,
			Reason: a.reason(s, f), Product: product, encoded: encoded,
		})
	}
}

// find asks a strategy for n items.
func (a *answering) find(s Strategy, n int) []found {
	switch s {
	case SimilarSessions:
		return unseeded(a.similar(n))
	case ViewTogether:
		return a.viewed(n)
	case BuyTogether:
		return a.together(a.index.BoughtTogether, n)
	case CategoryPopular:
		return unseeded(a.popularInCategory(n))
	case PopularNow:
		return unseeded(a.popular("", n))
	}
	return unseeded(a.catalog(n))
}

func unseeded(list []Scored) []found {
	all := make([]found, len(list))
	for i, s := range list {
		all[i].Scored = s
	}
	return all
}

// similar asks for what sessions like the shopper's contain. The item looked at
// is its newest step, even if the event that says so is still on its way, and what
// is in the cart stands before all else.
func (a *answering) similar(n int) []Scored {
	items := a.shopper.items
	switch last := len(items) - 1; a.request.Context {
	case Cart:
		items = slices.Concat(a.newCartLines(), items)
	case Product:
		if last < 0 || items[last] != string(a.request.Item) {
			items = append(slices.Clip(items), string(a.request.Item))
		}
	}
	return a.index.Neighbours(Query{
		Items: items, M: ServingM, K: ServingK, N: n, Own: a.shopper.session, Unseen: true, Exclude: a.excludes,
	}, nil)
}

// newCartLines are the lines of the cart that were not looked at in this session.
func (a *answering) newCartLines() []string {
	var lines []string
	for _, item := range a.shopper.cart[:min(len(a.shopper.cart), streamSteps)] {
		if !slices.Contains(a.shopper.items, item) {
			lines = append(lines, item)
		}
	}
	return lines
}

// seeds are the items that lists of a context are made for, the most telling
// first.
func (a *answering) seeds() []string {
	var seeds []string
	switch a.request.Context {
	case Product:
		return []string{string(a.request.Item)}
	case Cart:
		seeds = slices.Clone(a.shopper.cart)
		slices.Reverse(seeds) // the newest line first
	default:
		seeds = distinctBackward(a.shopper.items)
		for _, item := range a.shopper.before {
			if !slices.Contains(seeds, item) {
				seeds = append(seeds, item)
			}
		}
	}
	return seeds[:min(len(seeds), seedLimit)]
}

func distinctBackward(items []string) []string {
	var distinct []string
	for _, item := range slices.Backward(items) {
		if !slices.Contains(distinct, item) {
			distinct = append(distinct, item)
		}
	}
	return distinct
}

// viewed is together for views, without pairs for which only the asking session
// itself speaks.
func (a *answering) viewed(n int) []found {
	own := distinctBackward(a.shopper.items)
	list := a.together(a.index.ViewedTogether, n+len(own))
	list = slices.DeleteFunc(list, func(f found) bool { return f.Support == 1 && slices.Contains(own, f.Item) })
	return list[:min(len(list), n)]
}

// together merges the lists of all seeds: an item stands where the seed that it
// goes with best puts it, of equals the more telling seed.
func (a *answering) together(list func(string, int, func(string) bool, []Scored) []Scored, n int) []found {
	var all []found
	for _, seed := range a.seeds() {
		name := seed
		if a.request.Context == Product {
			name = "" // it is the page's own product
		}
		for _, s := range list(seed, n, a.excludes, nil) {
			all = append(all, found{s, name})
		}
	}
	if a.request.Context == Product {
		return all
	}
	slices.SortStableFunc(all, func(x, y found) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Item, y.Item))
	})
	listed := map[string]bool{}
	all = slices.DeleteFunc(all, func(f found) bool {
		again := listed[f.Item]
		listed[f.Item] = true
		return again
	})
	return all[:min(len(all), n)]
}

// popularInCategory asks for what is popular among products like the one asked
// about.
func (a *answering) popularInCategory(n int) []Scored {
	category := a.shelf.category(string(a.request.Item))
	if category == "" {
		return nil
	}
	return a.popular(category, n)
}

// catalog takes the first products of the catalog that may be shown.
func (a *answering) catalog(n int) []Scored {
	var list []Scored
	for _, id := range a.shelf.ids {
		if len(list) == n {
			break
		}
		if !a.excludes(id) {
			list = append(list, Scored{Item: id})
		}
	}
	return list
}
