package recommend

// selectBest returns the n best of a list, in no order, or all if there are no more; the
// others stand behind them in it (Hoare's selection with the median of three as pivot; O(len) on average).
// [nthGreatest] is the same for plain numbers: one function for both, which is told how to
// compare, made neighbours a tenth slower.
func selectBest(list []ranked, n int, names []string) []ranked {
	if len(list) <= n {
		return list
	}
	low, high, want := 0, len(list)-1, n-1
	for low < high {
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
			return list[:n]
		}
	}
	return list[:n]
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
