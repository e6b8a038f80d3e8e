package recommend

import (
	"hash/fnv"
	"slices"
	"sync/atomic"
)

// networkOf is a digest of the network that an event came from, 0 if that is not known.
func networkOf(address string) uint32 {
	if address == "" {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(address)) // a hash takes all
	return max(1, h.Sum32())
}

// networks counts the sessions of each known network. A view has it as it was, but for the
// counts: those are as of now.
type networks struct {
	cells []atomic.Uint64 // open addressing: network<<32 | sessions; 0 is free
	used  int             // cells, those of networks without sessions included
	known int             // sessions

	part       int      // a network is large with one in so many sessions
	large      []uint32 // those that are
	edition    uint32   // of large
	candidates []uint32 // networks with half as many and more
	most       int      // the most sessions known since candidates were looked for everywhere
	settled    bool     // nothing changed since large was found
}

// share is which part of all sessions of known networks is of this one.
func (t *networks) share(network uint32) float64 {
	if t.known == 0 {
		return 0
	}
	return float64(uint32(t.cells[t.find(network)].Load())) / float64(t.known)
}

// find returns the cell of a network, or that where it belongs. There must be a free one.
func (t *networks) find(network uint32) uint32 {
	mask := uint32(len(t.cells) - 1)
	at := scatterItem(network) & mask
	for cell := t.cells[at].Load(); cell != 0 && uint32(cell>>32) != network; cell = t.cells[at].Load() {
		at = (at + 1) & mask
	}
	return at
}

// add counts n sessions more of a network, or less.
func (t *networks) add(network uint32, n int) {
	if network == 0 {
		return
	}
	t.known += n
	t.settled = false
	if 4*(t.used+1) > 3*len(t.cells) {
		t.grow()
	}
	cell := &t.cells[t.find(network)]
	was := cell.Load()
	if was == 0 {
		t.used++
		was = uint64(network) << 32
	}
	is := was + uint64(int64(n))
	cell.Store(is)
	t.most = max(t.most, t.known)
	if n > 0 && 2*t.part*int(uint32(is)) >= t.known && !slices.Contains(t.candidates, network) {
		t.candidates = append(t.candidates, network)
	}
}

// settle finds the large networks. Since each session that comes is looked at, and all
// networks are when half of the sessions are gone, none of them is missed.
func (t *networks) settle() {
	if t.settled {
		return
	}
	t.settled = true
	sessions := func(network uint32) int { return int(uint32(t.cells[t.find(network)].Load())) }
	if 2*t.known < t.most {
		t.candidates, t.most = t.candidates[:0], t.known
		for i := range t.cells {
			if cell := t.cells[i].Load(); 2*t.part*int(uint32(cell)) >= t.known {
				t.candidates = append(t.candidates, uint32(cell>>32))
			}
		}
	}
	t.candidates = slices.DeleteFunc(t.candidates, func(n uint32) bool { return sessions(n) == 0 || 2*t.part*sessions(n) < t.known })
	large := 0
	for _, n := range t.candidates {
		if t.part*sessions(n) >= t.known {
			large++
		}
	}
	same := large == len(t.large)
	for _, n := range t.large {
		same = same && t.part*sessions(n) >= t.known && sessions(n) > 0
	}
	if same {
		return
	}
	t.large = nil // the old one is a view's
	for _, n := range t.candidates {
		if t.part*sessions(n) >= t.known {
			t.large = append(t.large, n)
		}
	}
	t.edition++
}

// grow makes room, and lets go of networks that have no sessions.
func (t *networks) grow() {
	old := t.cells
	t.used = 0
	for i := range old {
		if uint32(old[i].Load()) > 0 {
			t.used++
		}
	}
	t.cells = make([]atomic.Uint64, cellsFor(2*t.used+2))
	for i := range old {
		if cell := old[i].Load(); uint32(cell) > 0 {
			t.cells[t.find(uint32(cell>>32))].Store(cell)
		}
	}
}

func (t *networks) bytes() int64 { return 8 * int64(len(t.cells)) }
