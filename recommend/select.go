package recommend

import (
	"math"
	"math/bits"
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
	border, _ := nthGreatest(keys, l.n)
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

// nthGreatest returns the n-th greatest of keys, n from 1, and how many of those equal to it
// are among the n greatest. It reorders keys, O(len): radix selection, which goes on with the
// one of 256 equal stretches of values that the n-th is in. No branch depends on a single key.
func nthGreatest(keys []uint64, n int) (nth uint64, equal int) {
	for len(keys) > sortedKeys {
		least, greatest := keys[0], keys[0]
		for _, key := range keys {
			least, greatest = min(least, key), max(greatest, key)
		}
		shift := max(0, bits.Len64(greatest-least)-8)
		var counts [256]int
		for _, key := range keys {
			counts[uint8((key-least)>>shift)]++
		}
		stretch := uint8((greatest - least) >> shift)
		for ; counts[stretch] < n; stretch-- {
			n -= counts[stretch]
		}
		inside := 0
		for _, key := range keys {
			keys[inside] = key
			if uint8((key-least)>>shift) == stretch {
				inside++
			}
		}
		if keys = keys[:inside]; shift == 0 {
			return keys[0], n // they are all one
		}
	}
	slices.Sort(keys)
	first := keys[len(keys)-n:]
	for equal < n && first[equal] == first[0] {
		equal++
	}
	return first[0], equal
}

// sortedKeys is how many keys are sorted more quickly than counted.
const sortedKeys = 16
