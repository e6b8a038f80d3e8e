package recommend

import (
	"math"
	"slices"
)

// leading finds the n best of many in a list four times as long: whenever that is full, the
// others go, and what scores less than least need not be offered. Scores are not
// negative.
type leading struct {
	s     *scratch
	names []string
	n     int
	list  []ranked
	least float64
}

// lead begins to look for the n best, in the array of an earlier list.
func (v *view) lead(s *scratch, n int, array []ranked) leading {
	return leading{s: s, names: v.items.names, n: n, list: array[:0]}
}

func (l *leading) offer(score float64, item uint32) {
	if l.list = append(l.list, ranked{score: score, item: item}); len(l.list) == 4*l.n {
		l.cut()
	}
}

// first returns the n best, in no order.
func (l *leading) first() []ranked {
	l.cut()
	return l.list
}

// cut leaves the n best, ties by item id.
func (l *leading) cut() {
	if len(l.list) <= l.n {
		return
	}
	keys := l.s.keys[:0]
	for _, r := range l.list {
		keys = append(keys, math.Float64bits(r.score)) // of positive numbers, in their order
	}
	border := nthGreatest(keys, l.n)
	l.least = math.Float64frombits(border)
	kept, ties := l.list[:0], l.s.ties[:0]
	for _, r := range l.list {
		if r.score > l.least {
			kept = append(kept, r)
		} else if r.score == l.least {
			ties = append(ties, r)
		}
	}
	room := l.n - len(kept)
	if room < len(ties) {
		sortBest(ties, l.names)
	}
	kept = append(kept, ties[:room]...)
	l.list, l.s.keys, l.s.ties = kept, keys, ties
}

// sortBest sorts by score, ties by item id.
func sortBest(list []ranked, names []string) {
	slices.SortFunc(list, func(a, b ranked) int {
		if a.before(b, names) {
			return -1
		}
		return 1 // they are distinct
	})
}

// nthGreatest returns the n-th greatest of keys, n from 1, and reorders
// them (Hoare's selection with the median of three as pivot; O(len) on average).
func nthGreatest(keys []uint64, n int) uint64 {
	low, high, want := 0, len(keys)-1, n-1
	for low < high {
		a, b, c := keys[low], keys[(low+high)/2], keys[high]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := low, high
		for i <= j {
			for keys[i] > pivot {
				i++
			}
			for keys[j] < pivot {
				j--
			}
			if i <= j {
				keys[i], keys[j] = keys[j], keys[i]
				i++
				j--
			}
		}
		switch {
		case want <= j:
			high = j
		case want >= i:
			low = i
		default:
			return keys[want]
		}
	}
	return keys[want]
}
