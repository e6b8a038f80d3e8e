package recommend

import (
	"hash/maphash"
	"slices"
	"sync/atomic"
)

// record is what is counted of an item over all sessions that are there.
type record struct {
	clicks  uint32 // repeats included
	newest  uint32 // of them: those in the newest tenth of sessions
	seen    uint32 // sessions that contain it, and have a say
	bought  uint32 // of those: sessions that purchased it
	changed uint32 // the edition of the index in which one of these sessions last changed
}

const (
	pageShift = 5
	pageSize  = 1 << pageShift
	pageMask  = pageSize - 1
	pageBytes = pageSize * (4 + 8 + 20)
)

// page is what is counted of some items. What queries ask of hundreds and thousands of them
// stands by itself, so that it fits into a cache.
type page struct {
	rarity  [pageSize]float32 // clicks^-.3
	damping [pageSize]damping
	records [pageSize]record
}

// damping is what the neighbours' word for an item is multiplied by, the less the more clicks
// it has: idf·(clicks)^-.2 with idf = 1 + .1 ln(sessions/clicks), in two parts.
type damping struct {
	power  float32 // clicks^-.2
	powLog float32 // .1 ln(clicks) · clicks^-.2
}

// of is the factor among so many sessions, given as 1 + .1 ln(sessions).
func (d damping) of(sessions float64) float64 { return sessions*float64(d.power) - float64(d.powLog) }

// settle follows what was counted of an item.
func (p *page) settle(at uint32, t *tables) {
	clicks := int(p.records[at].clicks)
	power := t.popular.of(clicks)
	p.rarity[at] = float32(t.near.of(clicks))
	p.damping[at] = damping{float32(power), float32(.1 * t.log(clicks) * power)}
}

// itemsView is what one view says of items. Names and cells only grow: what is behind
// the end of names as the view has it is not the view's.
type itemsView struct {
	names []string
	cells []atomic.Uint32 // open addressing by name: item + 1
	seed  maphash.Seed
	pages []*page
}

// count is the number of numbers handed out so far, those of items without clicks included.
func (t *itemsView) count() int { return len(t.names) }

// of is the record of an item.
func (t *itemsView) of(item uint32) *record {
	return &t.pages[item>>pageShift].records[item&pageMask]
}

// rarity is an item's clicks^-.3.
func (t *itemsView) rarity(item uint32) float32 {
	return t.pages[item>>pageShift].rarity[item&pageMask]
}

// damping is an item's.
func (t *itemsView) damping(item uint32) damping {
	return t.pages[item>>pageShift].damping[item&pageMask]
}

// find returns the number of an item, if it has clicks.
func (t *itemsView) find(name string) (item uint32, ok bool) {
	item, ok = t.numberOf(name)
	return item, ok && t.of(item).clicks > 0
}

func (t *itemsView) numberOf(name string) (item uint32, ok bool) {
	if len(t.cells) == 0 {
		return 0, false
	}
	mask := uint64(len(t.cells) - 1)
	for at := maphash.String(t.seed, name) & mask; ; at = (at + 1) & mask {
		cell := t.cells[at].Load()
		if cell == 0 {
			return 0, false
		}
		// A later view may have put more in.
		if item = cell - 1; int(item) < len(t.names) && t.names[item] == name {
			return item, true
		}
	}
}

// items is what the writer has of them: a view that is going on.
type items struct {
	itemsView
	own  []bool // pages that are not part of a view yet, and may be changed
	text int64  // bytes of the names
	idle int    // numbers of items that have no clicks
}

func newItems() items {
	return items{itemsView: itemsView{seed: maphash.MakeSeed()}}
}

// intern returns the number of an item, new if need be.
func (t *items) intern(name string) uint32 {
	if item, ok := t.numberOf(name); ok {
		return item
	}
	item := uint32(len(t.names))
	if int(item)>>pageShift == len(t.pages) {
		t.pages, t.own = append(t.pages, new(page)), append(t.own, true)
	}
	t.names = append(t.names, name)
	t.text += int64(len(name))
	t.idle++
	if 4*len(t.names) > 3*len(t.cells) {
		t.cells = make([]atomic.Uint32, cellsFor(2*len(t.names)))
		for item := range t.names {
			t.enter(uint32(item))
		}
		return item
	}
	t.enter(item)
	return item
}

func (t *items) enter(item uint32) {
	mask := uint64(len(t.cells) - 1)
	at := maphash.String(t.seed, t.names[item]) & mask
	for t.cells[at].Load() != 0 {
		at = (at + 1) & mask
	}
	t.cells[at].Store(item + 1)
}

// change returns the record of an item to be changed.
func (t *items) change(item uint32) *record {
	return &t.page(item).records[item&pageMask]
}

// page returns that of an item, to be changed.
func (t *items) page(item uint32) *page {
	at := item >> pageShift
	if !t.own[at] {
		copied := *t.pages[at]
		t.pages[at], t.own[at] = &copied, true
	}
	return t.pages[at]
}

// view returns what there is now, for a view.
func (t *items) view() itemsView {
	clear(t.own)
	v := t.itemsView
	v.pages = slices.Clone(v.pages)
	return v
}

// bytes is what names, table and records occupy.
func (t *items) bytes() int64 {
	return t.text + 16*int64(cap(t.names)) + 4*int64(len(t.cells)) + pageBytes*int64(len(t.pages)) + int64(cap(t.own)+8*cap(t.pages))
}

// extend lengthens an array to n entries, amortised like append.
func extend[T any](array []T, n int) []T {
	if n <= len(array) {
		return array
	}
	return slices.Grow(array, n-len(array))[:n]
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
		o.bought = o.bought || isPurchase(click)
	}
	return d.found
}
