package recommend

import "sync/atomic"

// itemLists are an item's postings: the sessions that contain it, and those of
// them that purchased it; and what was counted from
// them, if kept.
type itemLists struct {
	seen        listing
	bought      listing
	seenPairs   atomic.Pointer[pairing]
	boughtPairs atomic.Pointer[pairing]
	near        atomic.Pointer[row]
	next        atomic.Pointer[row]
}

// itemTable numbers the items that the index contains. A number is free again
// when the item's last click left.
type itemTable struct {
	ids    map[string]uint32
	names  []string
	lists  []itemLists
	clicks []uint32  // how many clicks the item has, repeats included
	rarity []float32 // clicks^-.3
	vacant []uint32
	text   int64 // bytes of the names
}

// count is the number of numbers handed out so far, free ones included.
func (t *itemTable) count() int { return len(t.names) }

// intern returns the number of an item, new if need be.
func (t *itemTable) intern(name string) uint32 {
	if id, ok := t.ids[name]; ok {
		return id
	}
	t.text += int64(len(name))
	if n := len(t.vacant); n > 0 {
		id := t.vacant[n-1]
		t.vacant = t.vacant[:n-1]
		t.names[id] = name
		t.ids[name] = id
		return id
	}
	id := uint32(len(t.names))
	t.names = append(t.names, name)
	t.lists = append(t.lists, itemLists{})
	t.clicks = append(t.clicks, 0)
	t.rarity = append(t.rarity, 0)
	t.ids[name] = id
	return id
}

// discount takes clicks off an item and lets go of it at zero.
func (t *itemTable) discount(id, clicks uint32) {
	t.clicks[id] -= clicks
	if t.clicks[id] > 0 {
		return
	}
	t.text -= int64(len(t.names[id]))
	delete(t.ids, t.names[id])
	t.names[id] = ""
	t.vacant = append(t.vacant, id)
}

// bytes estimates what the table occupies; a map cell is taken for 32 bytes.
func (t *itemTable) bytes() int64 {
	return t.text + 32*int64(len(t.ids)) + 16*int64(cap(t.names)) + 56*int64(cap(t.lists)) +
		4*int64(cap(t.clicks)+cap(t.rarity)+cap(t.vacant))
}

// ownItem is a distinct item of one session.
type ownItem struct {
	item   uint32
	clicks uint32
	bought bool
}

// distinct is the writer's scratch for a session's distinct items.
type distinct struct {
	found []ownItem
	marks []uint64 // by item: 1 + number of the finding
	base  uint64
}

// of returns the distinct items of stored clicks in order of first click. The
// answer holds until the next call. It costs O(clicks).
func (d *distinct) of(clicks []uint32, items int) []ownItem {
	d.marks = extend(d.marks, items)
	d.base += uint64(len(d.found))
	d.found = d.found[:0]
	for _, click := range clicks {
		item := click & itemMask
		if d.marks[item] <= d.base {
			d.found = append(d.found, ownItem{item: item})
			d.marks[item] = d.base + uint64(len(d.found))
		}
		o := &d.found[d.marks[item]-d.base-1]
		o.clicks++
		o.bought = o.bought || click>>actionShift == uint32(Purchased)
	}
	return d.found
}

func (d *distinct) bytes() int64 {
	return 8*int64(cap(d.marks)) + 12*int64(cap(d.found))
}
