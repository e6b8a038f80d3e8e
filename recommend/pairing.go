package recommend

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// pairingSessions is of how many sessions a pairing is kept at least: fewer are
// counted in no time.
const pairingSessions = 4

// pairing is what the sessions with an item say of it: how many they are, and what
// else is in them. Most products are asked for many times before one of their sessions
// gains a click.
type pairing struct {
	changed  uint32 // as the item's record had it
	large    uint32 // the edition of the large networks
	sessions uint32
	pairs    []pair
}

// pair is an item and how many sessions it shares with another one.
type pair struct {
	item    uint32
	support uint16
	alone   bool // they are of one visitor or network
}

// pairing returns that of an item, valid until the scratch is used again.
func (v *view) pairing(s *scratch, item uint32, bought bool) *pairing {
	r, at := v.items.of(item), v.kept.pairing(item, bought)
	old := at.Load()
	if old != nil && old.changed == r.changed && old.large == v.networks.edition {
		return old
	}
	v.tellPairs(s, item, bought)
	p := &s.pairing
	p.changed, p.large, p.sessions, p.pairs = r.changed, v.networks.edition, uint32(s.tallies[item].support), p.pairs[:0]
	for _, other := range s.touched {
		if t := &s.tallies[other]; other != item {
			p.pairs = append(p.pairs, pair{other, t.support, t.first < several})
		}
	}
	if r.sessions(bought) >= pairingSessions && !v.kept.full() {
		was := 0
		if old != nil {
			was = len(old.pairs)
		}
		fresh := &pairing{p.changed, p.large, p.sessions, slices.Clone(p.pairs)}
		v.arrange(fresh.pairs, bought)
		keep(&v.kept, at, old, fresh, len(fresh.pairs), was)
	}
	return p
}

// arrange puts the pairs in front that stand in front now. Where they stand later depends
// on clicks elsewhere, but seldom much: then whoever ranks them inserts at the end.
func (v *view) arrange(pairs []pair, bought bool) {
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(v.bond(b, bought), v.bond(a, bought)), cmp.Compare(v.items.names[a.item], v.items.names[b.item]))
	})
}

// bond is how telling a pair is, but for what all pairs of an item share.
func (v *view) bond(p pair, bought bool) float64 {
	return v.tables.shrink(uint32(p.support)) * v.tables.cosine.of(int(v.items.of(p.item).sessions(bought)))
}

func (k *kept) pairing(item uint32, bought bool) *atomic.Pointer[pairing] {
	if bought {
		return &k.of(item).bought
	}
	return &k.of(item).seen
}

// sessions is how many sessions contain an item, or purchased it.
func (r *record) sessions(bought bool) uint32 {
	if bought {
		return r.bought
	}
	return r.seen
}
