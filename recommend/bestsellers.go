package recommend

import "sync"

// bestsellers are the lists of what is popular at one moment of the log. The first
// who asks after the log went on makes them, in some hundreds of microseconds, for
// all who ask until it goes on again. They follow from the index and the shelf alone,
// so it does not matter when they were made.
type bestsellers struct {
	mu    sync.Mutex
	made  bool
	all   []ranked // every item with its popularity, in no order; good if made
	lists map[string]bestsellerList
}

// bestsellerList is what may be sold of one category, or of all, best first.
type bestsellerList struct {
	best  []Scored
	whole bool // there are no others
}

// bestsellersListed is how long lists are made, unless somebody wants longer ones.
const bestsellersListed = 200

// expire drops what was made. Nobody may be asking meanwhile.
func (b *bestsellers) expire() {
	b.made = false
	clear(b.lists)
}

// bestsellers returns at least n items that may be sold, best first, or as many as
// there are. Category leaves out those of others, "" none. Who asks holds the
// recommender's lock as long as the answer is looked at.
func (r *Recommender) bestsellers(category string, n int) []Scored {
	b := &r.popular
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.made {
		b.all, b.made = r.index.popularity(b.all[:0]), true
	}
	list, ok := b.lists[category]
	if ok && (list.whole || len(list.best) >= n) {
		return list.best
	}
	n = max(n, bestsellersListed)
	list.best = r.index.first(b.all, n, func(item string) bool {
		return category != "" && r.shelf.category(item) != category || !r.shelf.sells(item)
	})
	list.whole = len(list.best) < n
	if b.lists == nil {
		b.lists = map[string]bestsellerList{}
	}
	b.lists[category] = list
	return list.best
}

// popular takes the first n bestsellers that are not barred.
func (a *answering) popular(category string, n int) []Scored {
	list := a.scored
	for _, s := range a.bestsellers(category, n+len(a.barred)) {
		if len(list) == n {
			break
		}
		if !a.barred[s.Item] {
			list = append(list, s)
		}
	}
	return list
}
