package recommend

import (
	"slices"
	"sync/atomic"
)

const (
	// pairingSessions is of how many sessions a pairing is kept at least: fewer are
	// counted in no time.
	pairingSessions = 4
	// keptPairs is how many pairs, and entries of rows, are kept at most, in 32 MB.
	keptPairs = 1 << 22
)

// pairing is what the sessions with an item say of it: how many they are, and what
// else is in them. Who counts it keeps it for those who ask next, until one of
// these sessions gains or loses a click: most products are asked for many times
// between. What it says is then the same as if it were counted anew.
type pairing struct {
	sessions uint32
	pairs    []pair
}

// pair is an item and how many sessions it shares with another one.
type pair struct {
	item    uint32
	support uint32
}

// pairing returns that of an item, valid until the scratch is used again.
func (x *Index) pairing(s *scratch, id uint32, bought bool) *pairing {
	list, kept := x.items.lists[id].pick(bought)
	if p := kept.Load(); p != nil {
		return p
	}
	x.tellPairs(s, id, bought)
	s.pairing.sessions, s.pairing.pairs = s.tallies[id].support, s.pairing.pairs[:0]
	for _, other := range s.touched {
		if n := s.tallies[other].support; n > 0 && other != id {
			s.pairing.pairs = append(s.pairing.pairs, pair{other, n})
		}
	}
	if list.n >= pairingSessions {
		x.keep(&s.pairing, kept)
	}
	return &s.pairing
}

// keep keeps a copy of a pairing, unless there is no room or somebody else was first.
func (x *Index) keep(p *pairing, at *atomic.Pointer[pairing]) {
	n := int64(len(p.pairs))
	if x.pairs.Add(n) > x.pairLimit {
		return // and too many they stay, until the next click makes room
	}
	if !at.CompareAndSwap(nil, &pairing{p.sessions, slices.Clone(p.pairs)}) {
		x.pairs.Add(-n)
	}
}

// forgetCounted drops the pairings and rows of all items in a session that changes,
// or all that there are if they are too many. Sessions without a say change no pairings.
func (x *Index) forgetCounted(s *storedSession) {
	if x.pairs.Load() > x.pairLimit {
		for i := range x.items.lists {
			x.items.lists[i].seenPairs.Store(nil)
			x.items.lists[i].boughtPairs.Store(nil)
			x.items.lists[i].near.Store(nil)
			x.items.lists[i].next.Store(nil)
		}
		x.pairs.Store(0)
	}
	for _, click := range x.trails.clicks(s) {
		lists := &x.items.lists[click&itemMask]
		x.forgetRow(&lists.near)
		x.forgetRow(&lists.next)
		if s.n <= togetherClicks+1 {
			x.forgetPairing(&lists.seenPairs)
			x.forgetPairing(&lists.boughtPairs)
		}
	}
}

func (x *Index) forgetRow(kept *atomic.Pointer[row]) {
	if r := kept.Load(); r != nil {
		kept.Store(nil)
		x.pairs.Add(-int64(len(r.entries)))
	}
}

func (x *Index) forgetPairing(kept *atomic.Pointer[pairing]) {
	if p := kept.Load(); p != nil {
		kept.Store(nil)
		x.pairs.Add(-int64(len(p.pairs)))
	}
}
