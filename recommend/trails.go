package recommend

import "math"

// storedSession is a session's fixed part; its clicks are a block of the trails.
type storedSession struct {
	last   int64 // time of the newest click, ms
	key    SessionKey
	offset uint32
	n      uint16
	class  uint8
	marks  uint8 // newestMark, and how many clicks are on an item seen before, up to manyRepeats
}

const (
	newestMark  = 1 << 7
	manyRepeats = newestMark - 1 // so many or more: they must be counted
)

// repeats is how many clicks are on an item of the session that another one is on,
// or manyRepeats.
func (s *storedSession) repeats() int { return int(s.marks &^ newestMark) }

// repeat notes that there are n repeats now.
func (s *storedSession) repeat(n int) {
	s.marks = s.marks&newestMark | uint8(min(n, manyRepeats))
}

func (s *storedSession) rank() rank { return rank{s.last, s.key} }

// trails is the arena of the sessions' clicks in order of time. An item carries
// its action in the upper two bits. Times are kept as distances to each other: the
// last click of a session happened at its last, any other as much earlier as its
// offset is smaller. That spans 49 days; what is further back counts as being at
// that distance, which matters only for late clicks in such sessions.
type trails struct {
	items   []uint32
	offsets []uint32
	blocks  blocks
}

// clicks returns a session's items with their actions, oldest first.
func (t *trails) clicks(s *storedSession) []uint32 {
	return t.items[s.offset : s.offset+uint32(s.n)]
}

func (t *trails) times(s *storedSession) []uint32 {
	return t.offsets[s.offset : s.offset+uint32(s.n)]
}

// holds tells whether a session contains an item, and whether as a purchase.
func (t *trails) holds(s *storedSession, item uint32) (seen, bought bool) {
	for _, click := range t.clicks(s) {
		if click&itemMask == item {
			seen = true
			bought = bought || click>>actionShift == uint32(Purchased)
		}
	}
	return seen, bought
}

// insert puts a click at its time into a session, behind clicks of the same time.
// The newest of the clicks already there happened at former.
func (t *trails) insert(s *storedSession, click uint32, at, former int64) {
	t.reserve(s)
	n := int(s.n)
	s.n++
	items, times := t.clicks(s), t.times(s)
	offset, place := uint32(0), n
	switch {
	case n == 0:
	case at >= former:
		offset = later(times[:n], at-former)
	default:
		offset = earlier(times[:n], former-at)
		for place > 0 && times[place-1] > offset {
			place--
		}
	}
	copy(items[place+1:], items[place:])
	copy(times[place+1:], times[place:])
	items[place], times[place] = click, offset
}

// later returns the offset of a click gap ms after the newest of times, lowering
// those as far as it needs room.
func later(times []uint32, gap int64) uint32 {
	newest := int64(times[len(times)-1])
	gap = min(gap, math.MaxUint32)
	if excess := newest + gap - math.MaxUint32; excess > 0 {
		for i := range times {
			times[i] = uint32(max(0, int64(times[i])-excess))
		}
		return math.MaxUint32
	}
	return uint32(newest + gap)
}

// earlier returns the offset of a click gap ms before the newest of times, raising
// those as far as it needs room and there is some.
func earlier(times []uint32, gap int64) uint32 {
	newest := int64(times[len(times)-1])
	if gap <= newest {
		return uint32(newest - gap)
	}
	lift := min(gap, math.MaxUint32) - newest
	for i := range times {
		times[i] += uint32(lift)
	}
	return 0
}

// dropFirst takes the oldest click out and returns it.
func (t *trails) dropFirst(s *storedSession) uint32 {
	items, times := t.clicks(s), t.times(s)
	first := items[0]
	copy(items, items[1:])
	copy(times, times[1:])
	s.n--
	return first
}

// reserve sees to it that a session's block holds one click more.
func (t *trails) reserve(s *storedSession) {
	if s.n > 0 && uint32(s.n) < classSize(s.class) {
		return
	}
	class := classFor(uint32(s.n) + 1)
	offset := t.blocks.take(class)
	t.items = extend(t.items, int(t.blocks.used))
	t.offsets = extend(t.offsets, int(t.blocks.used))
	if s.n > 0 {
		copy(t.items[offset:], t.clicks(s))
		copy(t.offsets[offset:], t.times(s))
		t.blocks.give(s.offset, s.class)
	}
	s.offset, s.class = offset, class
}

// release gives a session's block back.
func (t *trails) release(s *storedSession) {
	t.blocks.give(s.offset, s.class)
	s.n = 0
}
