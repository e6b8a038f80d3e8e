package recommend

// before tells whether r stands before o in a ranking: by score, ties by item id.
func (r ranked) before(o ranked, names []string) bool {
	return r.score > o.score || r.score == o.score && names[r.item] < names[o.item]
}

// selectBest reorders a list so that its n best stand in front, in no order, and
// returns it (Hoare's selection with the median of three as pivot; O(len) on average).
func selectBest(list []ranked, n int, names []string) []ranked {
	low, high, want := 0, len(list)-1, n-1
	for n > 0 && low < high && want < high {
		pivot := medianOf(list[low], list[(low+high)/2], list[high], names)
		i, j := low, high
		for i <= j {
			for list[i].before(pivot, names) {
				i++
			}
			for pivot.before(list[j], names) {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
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
			return list
		}
	}
	return list
}

func medianOf(a, b, c ranked, names []string) ranked {
	if b.before(a, names) {
		a, b = b, a
	}
	switch {
	case c.before(a, names):
		return a
	case c.before(b, names):
		return c
	}
	return b
}
