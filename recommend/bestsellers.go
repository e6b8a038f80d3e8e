package recommend

import "sync"

// bestsellers are the lists of what is popular at one moment of the log. The first
// who asks after the log went on makes them, in some hundreds of microseconds, for
// all who ask until it goes on again. They follow from the index and the shelf alone,
// so it does not matter when they were made.
type bestsellers struct {
	mu    sync.Mutex
	made  bool
	all   popularity // good if made
	lists map[bestsellersOf]bestsellerList
}

// bestsellersOf says of what there is a list: of one category, or of all if it is empty,
// of what passes a filter, told by the key of its assortment, and of what there is to read, or
// of products.
type bestsellersOf struct {
	category, filter string
	reading          bool
}

// bestsellerList is what may be sold, best first.
type bestsellerList struct {
	best  []Scored
	whole bool // there are no others
}

// bestsellersListed is how long lists are made, unless somebody wants longer ones.
const bestsellersListed = 200

// bestsellerLists is how many lists are kept until the log goes on.
const bestsellerLists = 256

// expire drops what was made. Nobody may be asking meanwhile.
func (b *bestsellers) expire() {
	b.made = false
	clear(b.lists)
}

// bestsellers returns at least n items that may be sold, best first, or as many as
// there are. Lacks, which must be the same for the same list, leaves items out beside
// those of other categories; nil leaves out none. Who asks holds the recommender's lock
// as long as the answer is looked at.
func (r *Recommender) bestsellers(of bestsellersOf, lacks func(item string) bool, n int) []Scored {
	b := &r.popular
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.made {
		b.all, b.made = r.index.popularity(b.all.all), true
	}
	list, ok := b.lists[of]
	if ok && (list.whole || len(list.best) >= n) {
		return list.best
	}
	n = max(n, bestsellersListed)
	list.best = b.all.first(n, func(item string) bool {
		return lacks != nil && lacks(item) || of.category != "" && r.shelf.category(item) != of.category || !r.shelf.sells(item)
	})
	list.whole = len(list.best) < n
	if b.lists == nil || len(b.lists) >= bestsellerLists {
		b.lists = map[bestsellersOf]bestsellerList{}
	}
	b.lists[of] = list
	return list.best
}

// popular takes the first n bestsellers that may be shown. If too few of the list that is
// there for all may be, it looks through all there are, which costs about as much as
// making that list.
func (a *answering) popular(category string, n int) []Scored {
	list := a.scored
	deep := min(n+len(a.barred), bestsellersListed)
	best := a.bestsellers(bestsellersOf{category, a.picky.passing.key, a.reading}, a.unfit, deep)
	for _, s := range best {
		if len(list) == n {
			return list
		}
		if !a.excludes(s.Item) && !a.index.Pushed(s.Item) {
			list = append(list, s)
		}
	}
	if len(list) == n || len(best) < deep {
		return list
	}
	return append(a.scored, a.Recommender.popular.all.first(n, func(item string) bool {
		return category != "" && a.shelf.category(item) != category || a.excludes(item) || a.index.Pushed(item)
	})...)
}
