package recommend

import "sync/atomic"

// kept is what was counted for one question and serves the next ones: the pairings,
// rows and guards of items. Each says in which edition of the index one of the item's sessions last
// changed, so that it is known to be the same as if it were counted anew.
type kept struct {
	pages   []*[pageSize]keptOfItem
	entries *atomic.Int64 // how many are kept, of all of them together
	limit   int64
}

// keptOfItem is what is kept of one item.
type keptOfItem struct {
	near   atomic.Pointer[row]
	next   atomic.Pointer[row]
	seen   atomic.Pointer[pairing]
	bought atomic.Pointer[pairing]
	guard  atomic.Pointer[guard]
}

// keptPairs is how many pairs, and entries of rows, are kept at most, in 32 MB.
const keptPairs = 1 << 22

func newKept(limit int64) kept { return kept{entries: new(atomic.Int64), limit: limit} }

// of is what is kept of an item.
func (k *kept) of(item uint32) *keptOfItem { return &k.pages[item>>pageShift][item&pageMask] }

// full reports whether there is no room until the index changes.
func (k *kept) full() bool { return k.entries.Load() >= k.limit }

// fit makes room for so many items, and begins anew if too much is kept.
func (k *kept) fit(items int) {
	if k.full() {
		*k = newKept(k.limit)
	}
	for len(k.pages)<<pageShift < items {
		k.pages = append(k.pages, new([pageSize]keptOfItem))
	}
}

// sized is what is kept.
type sized interface {
	row | pairing | guard
}

// keep puts something new, with n entries, in the place of what there was, with as many as
// was says, unless somebody else was first or there is no room until the index changes.
func keep[T sized](k *kept, at *atomic.Pointer[T], old, fresh *T, n, was int) {
	if k.entries.Add(int64(n-was)) > k.limit || !at.CompareAndSwap(old, fresh) {
		k.entries.Add(int64(was - n))
	}
}
