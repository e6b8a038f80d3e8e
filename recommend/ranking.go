package recommend

import "slices"

// Scored is one recommended item. Scores of one answer compare with each other,
// not with those of another query or list. Support is how many distinct sessions
// speak for the item: neighbours that contain it, sessions that saw or bought it
// together with the item asked for, sessions that saw it lately.
type Scored struct {
	Item    string
	Score   float64
	Support int
}

// above tells whether s stands before o in a list of both.
func (s Scored) above(o Scored) bool {
	return s.Score > o.Score || s.Score == o.Score && s.Item < o.Item
}

// ranked is a Scored whose name is not looked up yet.
type ranked struct {
	score   float64
	item    uint32
	support uint32
}

// before tells whether r stands before o in a ranking: by score, ties by item id.
func (r ranked) before(o ranked, names []string) bool {
	return r.score > o.score || r.score == o.score && names[r.item] < names[o.item]
}

// ranking keeps the n best of the items offered to it, best first: by score, ties
// by item id. The exclusion is asked only about items that would enter, so it
// costs some dozens of calls and the list is still filled up to n. An offer that
// does not enter costs one comparison, one that does O(n) at the most.
type ranking struct {
	names   []string
	exclude func(item string) bool
	n       int
	best    []ranked
}

// wants reports whether an item with a score may be among the best so far.
func (k *ranking) wants(score float64) bool {
	return len(k.best) < k.n || score >= k.best[k.n-1].score
}

// offer enters an item if it is among the best so far and not excluded.
func (k *ranking) offer(r ranked) {
	full := len(k.best) == k.n
	if full && !r.before(k.best[k.n-1], k.names) {
		return
	}
	if k.exclude != nil && k.exclude(k.names[r.item]) {
		return
	}
	if full {
		k.best = k.best[:k.n-1]
	}
	low, high := 0, len(k.best)
	for low < high {
		middle := int(uint(low+high) / 2)
		if k.best[middle].before(r, k.names) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	k.best = slices.Insert(k.best, low, r)
}

// rank starts a ranking on a query's scratch. n must be positive.
func (v *view) rank(s *scratch, n int, exclude func(item string) bool) ranking {
	return ranking{names: v.items.names, exclude: exclude, n: n, best: s.best[:0]}
}

// answer appends the ranking to dst and keeps its array for the next query.
func (k *ranking) answer(s *scratch, dst []Scored) []Scored {
	for _, r := range k.best {
		dst = append(dst, Scored{k.names[r.item], r.score, int(r.support)})
	}
	s.best = k.best
	return dst
}
