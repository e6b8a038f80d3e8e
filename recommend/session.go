package recommend

import "cmp"

// session is the fixed part of a session: which it is, when it ended, whose it is, and
// which stretch of an array its clicks are.
type session struct {
	last    int64 // the latest time of its clicks, ms
	key     SessionKey
	visitor uint32
	network uint32
	start   uint32
	n       uint16
}

// longestSay is the most clicks of a session that has a say: what is longer is a crawler or a
// price comparison, and would pair all with all.
const longestSay = 200

// sessionBytes is the size of a session.
const sessionBytes = 32

// rank orders sessions by recency: by the latest time of their clicks, then by key.
type rank struct {
	last int64
	key  SessionKey
}

func (s *session) rank() rank { return rank{s.last, s.key} }

// of cuts a session's clicks out of the array they stand in.
func (s *session) of(clicks []uint32) []uint32 {
	return clicks[s.start : s.start+uint32(s.n)]
}

func (r rank) before(o rank) bool {
	return r.last < o.last || r.last == o.last && r.key < o.key
}

// compare is before, as sorting wants it.
func (r rank) compare(o rank) int {
	return cmp.Or(cmp.Compare(r.last, o.last), cmp.Compare(r.key, o.key))
}

// A stored click is an item's number, with the action in the upper bits.
const (
	actionShift = 30
	itemMask    = 1<<actionShift - 1
)

// isPurchase reports whether a stored click is one.
func isPurchase(click uint32) bool { return click>>actionShift == uint32(Purchased) }

// within tells whether clicks contain an item, and whether as a purchase.
func within(clicks []uint32, item uint32) (seen, bought bool) {
	for _, click := range clicks {
		if click&itemMask == item {
			seen = true
			bought = bought || isPurchase(click)
		}
	}
	return seen, bought
}

// did tells whether clicks contain an item, purchased or otherwise.
func did(clicks []uint32, item uint32, bought bool) bool {
	for _, click := range clicks {
		if click&itemMask == item && isPurchase(click) == bought {
			return true
		}
	}
	return false
}

// keyTable finds a session's number by its key: open addressing with linear
// probing, holding nothing but numbers (plus one, so that zero is empty), because
// the keys stand in the sessions. It is at most three quarters full.
type keyTable struct {
	cells []int32
	used  int
}

// scatter spreads keys that are close to each other (the multiplier is 2^64
// over the golden ratio, Knuth's multiplicative hashing).
func scatter(key uint64) uint64 {
	h := key * 0x9E3779B97F4A7C15
	return h ^ h>>32
}

// newKeyTable returns an empty table with room for so many keys.
func newKeyTable(keys int) keyTable { return keyTable{cells: make([]int32, cellsFor(keys))} }

// cellsFor is the power of two of which n fill at most three quarters.
func cellsFor(n int) int {
	cells := 4
	for 3*cells < 4*n {
		cells *= 2
	}
	return cells
}

// find returns the number of the session with the key, or -1.
func (t *keyTable) find(sessions []session, key SessionKey) int {
	if len(t.cells) == 0 {
		return -1
	}
	mask := uint64(len(t.cells) - 1)
	for at := scatter(uint64(key)) & mask; t.cells[at] != 0; at = (at + 1) & mask {
		if number := t.cells[at] - 1; sessions[number].key == key {
			return int(number)
		}
	}
	return -1
}

// add enters a session whose key is not in the table.
func (t *keyTable) add(sessions []session, number int) {
	if 4*(t.used+1) > 3*len(t.cells) {
		old := t.cells
		t.cells = make([]int32, cellsFor(2*t.used+2))
		for _, cell := range old {
			if cell != 0 {
				t.put(sessions, cell)
			}
		}
	}
	t.put(sessions, int32(number+1))
	t.used++
}

func (t *keyTable) put(sessions []session, cell int32) {
	mask := uint64(len(t.cells) - 1)
	at := scatter(uint64(sessions[cell-1].key)) & mask
	for t.cells[at] != 0 {
		at = (at + 1) & mask
	}
	t.cells[at] = cell
}

// drop takes out a session that is in the table. The cells behind it move up, so
// that no tombstones are needed.
func (t *keyTable) drop(sessions []session, number int) {
	mask := uint64(len(t.cells) - 1)
	hole := scatter(uint64(sessions[number].key)) & mask
	for t.cells[hole] != int32(number+1) {
		hole = (hole + 1) & mask
	}
	for at := (hole + 1) & mask; t.cells[at] != 0; at = (at + 1) & mask {
		home := scatter(uint64(sessions[t.cells[at]-1].key)) & mask
		// A cell may move to the hole unless its home lies between them.
		if (at-home)&mask >= (at-hole)&mask {
			t.cells[hole] = t.cells[at]
			hole = at
		}
	}
	t.cells[hole] = 0
	t.used--
}
