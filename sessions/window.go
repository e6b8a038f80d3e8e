package sessions

import (
	"encoding/binary"
	"time"

	"github.com/dchest/siphash"
)

// A window holds the hashes of message ids that were committed lately, in one
// flat table with open addressing, and in the order of their commits so that
// the oldest leave first. 24 to 40 bytes an id, the table being at least a quarter
// full, and while it doubles the old one beside it; a look-up is one probe on average.
//
// Invariants: slots is a power of two and at most half full; 0 marks a free
// slot, so a hash of 0 is kept as 1; every hash of commits is in slots.
type window struct {
	slots   []uint64
	used    int
	commits []commitHashes
	again   bool // a hash may be in several commits
}

// commitHashes are the ids of one commit.
type commitHashes struct {
	at     Millis
	hashes []uint64
}

func newWindow() *window { return &window{slots: make([]uint64, 1024)} }

// hashKey is the random key under which ids are hashed, so that nobody outside
// can choose ids that meet. With 64 bits a new id meets one of ten million by
// chance with a probability of 5e-13.
type hashKey struct{ k0, k1 uint64 }

// hash returns the hash of a message id as sent by a class of key: a browser's
// id never meets a backend's.
func (k hashKey) hash(class, id string) uint64 {
	buf := make([]byte, 0, 128)
	buf = append(buf, class...)
	buf = append(buf, 0)
	buf = append(buf, id...)
	return max(1, siphash.Hash(k.k0, k.k1, buf))
}

// has reports whether h is in the window.
func (w *window) has(h uint64) bool {
	_, found := w.find(h)
	return found
}

// find returns the slot of h, or the free slot where it would go.
func (w *window) find(h uint64) (slot int, found bool) {
	mask := len(w.slots) - 1
	for i := int(h) & mask; ; i = (i + 1) & mask {
		switch w.slots[i] {
		case h:
			return i, true
		case 0:
			return i, false
		}
	}
}

// add puts the hashes of a commit in. The window keeps the slice.
func (w *window) add(at Millis, hashes []uint64) {
	if len(hashes) == 0 {
		return
	}
	w.commits = append(w.commits, commitHashes{at, hashes})
	w.grow(w.used + len(hashes))
	for _, h := range hashes {
		slot, found := w.find(h)
		if found {
			w.again = true
			continue
		}
		w.slots[slot] = h
		w.used++
	}
}

// grow makes room for n hashes.
func (w *window) grow(n int) {
	size := len(w.slots)
	for n > size/2 {
		size *= 2
	}
	if size == len(w.slots) {
		return
	}
	old := w.slots
	w.slots = make([]uint64, size)
	for _, h := range old {
		if h != 0 {
			slot, _ := w.find(h)
			w.slots[slot] = h
		}
	}
}

// prune drops the commits before a time, by commit time only: what a sender
// says of its own time opens no gap.
func (w *window) prune(before Millis) {
	n := 0
	for n < len(w.commits) && w.commits[n].at < before {
		for _, h := range w.commits[n].hashes {
			w.remove(h)
		}
		n++
	}
	if n == 0 {
		return
	}
	w.commits = append([]commitHashes(nil), w.commits[n:]...)
	if w.again {
		w.rebuild()
	}
}

// rebuild puts back the hashes of commits that left with an earlier one. A hash
// is in two commits only if another process had pruned the first when it took
// the second, so this is rare.
func (w *window) rebuild() {
	commits := w.commits
	w.commits, w.again = nil, false
	for _, c := range commits {
		for _, h := range c.hashes {
			w.remove(h)
		}
	}
	for _, c := range commits {
		w.add(c.at, c.hashes)
	}
}

// remove takes h out and moves later hashes of its run back, so that no look-up
// ends at the hole.
func (w *window) remove(h uint64) {
	hole, found := w.find(h)
	if !found {
		return
	}
	mask := len(w.slots) - 1
	for i := (hole + 1) & mask; w.slots[i] != 0; i = (i + 1) & mask {
		home := int(w.slots[i]) & mask
		if (i-home)&mask >= (i-hole)&mask {
			w.slots[hole] = w.slots[i]
			hole = i
		}
	}
	w.slots[hole] = 0
	w.used--
}

// encodeHashes returns the hashes as stored, 8 bytes each.
func encodeHashes(hashes []uint64) []byte {
	blob := make([]byte, 0, 8*len(hashes))
	for _, h := range hashes {
		blob = binary.LittleEndian.AppendUint64(blob, h)
	}
	return blob
}

func decodeHashes(blob []byte) []uint64 {
	hashes := make([]uint64, len(blob)/8)
	for i := range hashes {
		hashes[i] = binary.LittleEndian.Uint64(blob[8*i:])
	}
	return hashes
}

// DefaultWindow is how long duplicates of a message id are found.
const DefaultWindow = 7 * 24 * time.Hour
