package evaluate

import (
	"cmp"
	"slices"

	"cartwright/recommend"
)

const (
	keptRules = 20 // for each item, the strongest
	ruleSteps = 20 // how many clicks apart sequential rules reach
)

// rules recommend by the current item alone. A prediction looks the item up and
// costs next to nothing; building takes time and memory for each pair of items
// that met.
//
// Of equally strong rules the one found later is first, and where an item has too
// few the list goes on with the items that appeared last in the training: of items
// without a rule session-rec fills its lists too. Which of equals it takes is left
// to its sorting; in this order its figures are met, which move by .002 with others.
type rules struct {
	after     map[string][]recommend.Scored
	newcomers []recommend.Scored // all items, the last to appear first
}

// newAssociationRules counts how often two items are in the same session
// (Agrawal, Imielinski and Swami, "Mining association rules between sets of items
// in large databases", 1993, for sets of two). Each pair of clicks of a session
// counts for both of its items, so that a repeated item is a rule for itself.
func newAssociationRules(t *training) Predictor {
	found := findings{}
	for _, s := range t.sessions {
		for i, item := range s.items {
			for _, earlier := range s.items[:i] {
				found.strengthen(earlier, item, 1)
				found.strengthen(item, earlier, 1)
			}
		}
	}
	return found.rules(t)
}

// newSequentialRules weighs how often an item came after another (Kamehkhosh,
// Jannach and Ludewig, "A comparison of frequent pattern techniques and a deep
// learning method for session-based recommendation", 2017): within twenty clicks, by
// 1/d² at d clicks. An item that came again is a rule for itself.
func newSequentialRules(t *training) Predictor {
	found := findings{}
	for _, s := range t.sessions {
		for i, item := range s.items {
			for d := 1; d <= min(i, ruleSteps); d++ {
				found.strengthen(s.items[i-d], item, 1/float64(d*d))
			}
		}
	}
	return found.rules(t)
}

// findings are the rules of each item while they are counted.
type findings map[string]*finding

type finding struct {
	places map[string]int // of each item in the list
	list   []recommend.Scored
}

// strengthen adds to the rule by which one item follows from another.
func (f findings) strengthen(from, to string, weight float64) {
	one := f[from]
	if one == nil {
		one = &finding{places: map[string]int{}}
		f[from] = one
	}
	at, known := one.places[to]
	if !known {
		at = len(one.list)
		one.places[to] = at
		one.list = append(one.list, recommend.Scored{Item: to})
	}
	one.list[at].Score += weight
}

// rules keeps the strongest rules of each item.
func (f findings) rules(t *training) *rules {
	r := &rules{after: make(map[string][]recommend.Scored, len(f)), newcomers: newcomers(t)}
	for from, one := range f {
		slices.Reverse(one.list)
		slices.SortStableFunc(one.list, func(a, b recommend.Scored) int { return cmp.Compare(b.Score, a.Score) })
		r.after[from] = slices.Clone(one.list[:min(len(one.list), keptRules)])
	}
	return r
}

// newcomers returns all items by their first appearance, the last one first.
func newcomers(t *training) []recommend.Scored {
	seen := make(map[string]bool, len(t.counts))
	var items []recommend.Scored
	for _, s := range t.sessions {
		for _, item := range s.items {
			if !seen[item] {
				seen[item] = true
				items = append(items, recommend.Scored{Item: item})
			}
		}
	}
	slices.Reverse(items)
	return items
}

// Predict looks at the last item only.
func (r *rules) Predict(prefix []string, n int, dst []recommend.Scored) []recommend.Scored {
	list := r.after[prefix[len(prefix)-1]]
	begin := len(dst)
	dst = append(dst, list[:min(len(list), n)]...)
	for _, filler := range r.newcomers {
		if len(dst)-begin == min(n, len(r.newcomers)) {
			break
		}
		if !slices.ContainsFunc(list, func(s recommend.Scored) bool { return s.Item == filler.Item }) {
			dst = append(dst, filler)
		}
	}
	return dst
}
