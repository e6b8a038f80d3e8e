package recommend

// keyTable finds a session's slot by its key: open addressing with linear
// probing, holding nothing but slots (plus one, so that zero is empty), because
// the keys stand in the sessions. It is at most three quarters full.
type keyTable struct {
	cells []int32
	used  int
}

// scatter spreads keys that are close to each other (the multiplier is 2^64
// over the golden ratio, Knuth's multiplicative hashing).
func scatter(key SessionKey) uint64 {
	h := uint64(key) * 0x9E3779B97F4A7C15
	return h ^ h>>32
}

// find returns the slot of the key, or -1.
func (t *keyTable) find(sessions []storedSession, key SessionKey) int32 {
	if len(t.cells) == 0 {
		return -1
	}
	mask := uint64(len(t.cells) - 1)
	for at := scatter(key) & mask; t.cells[at] != 0; at = (at + 1) & mask {
		if slot := t.cells[at] - 1; sessions[slot].key == key {
			return slot
		}
	}
	return -1
}

// add enters a slot whose session has its key and is not in the table.
func (t *keyTable) add(sessions []storedSession, slot int32) {
	if 4*(t.used+1) > 3*len(t.cells) {
		old := t.cells
		t.cells = make([]int32, max(16, 2*len(old)))
		for _, cell := range old {
			if cell != 0 {
				t.put(sessions, cell)
			}
		}
	}
	t.put(sessions, slot+1)
	t.used++
}

func (t *keyTable) put(sessions []storedSession, cell int32) {
	mask := uint64(len(t.cells) - 1)
	at := scatter(sessions[cell-1].key) & mask
	for t.cells[at] != 0 {
		at = (at + 1) & mask
	}
	t.cells[at] = cell
}

// drop takes out a slot that is in the table. The cells behind it move up, so
// that no tombstones are needed.
func (t *keyTable) drop(sessions []storedSession, slot int32) {
	mask := uint64(len(t.cells) - 1)
	hole := scatter(sessions[slot].key) & mask
	for t.cells[hole] != slot+1 {
		hole = (hole + 1) & mask
	}
	for at := (hole + 1) & mask; t.cells[at] != 0; at = (at + 1) & mask {
		home := scatter(sessions[t.cells[at]-1].key) & mask
		// A cell may move to the hole unless its home lies between them.
		if (at-home)&mask >= (at-hole)&mask {
			t.cells[hole] = t.cells[at]
			hole = at
		}
	}
	t.cells[hole] = 0
	t.used--
}
