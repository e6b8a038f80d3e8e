package recommend

import "slices"

// rank orders sessions by recency: by the time of the last click, then by key.
type rank struct {
	last int64
	key  SessionKey
}

func (r rank) before(o rank) bool {
	return r.last < o.last || r.last == o.last && r.key < o.key
}

// placeOf returns how many slots of an ascending list rank before r. A list that
// ends before r, which is what live clicks meet, costs one comparison.
func placeOf(sessions []storedSession, list []int32, r rank) int {
	low, high := 0, len(list)
	if high > 0 && sessions[list[high-1]].rank().before(r) {
		return high
	}
	for low < high {
		middle := int(uint(low+high) / 2)
		if sessions[list[middle]].rank().before(r) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// chunkSize is the most slots of one chunk of a recencyList.
const chunkSize = 1024

// recencyList holds the slots of all sessions, oldest first, in chunks that are
// never empty. Adding and dropping search two levels and shift within a chunk;
// at the newest end, where the traffic is, both take a few comparisons.
type recencyList struct {
	chunks [][]int32
}

// chunkOf is the chunk in which a rank stands or belongs.
func (l *recencyList) chunkOf(sessions []storedSession, r rank) int {
	low, high := 0, len(l.chunks)-1
	if !r.before(sessions[l.chunks[high][0]].rank()) {
		return high
	}
	for low < high {
		middle := int(uint(low+high+1) / 2)
		if r.before(sessions[l.chunks[middle][0]].rank()) {
			high = middle - 1
		} else {
			low = middle
		}
	}
	return low
}

// add enters a slot under its session's present rank.
func (l *recencyList) add(sessions []storedSession, slot int32) {
	if len(l.chunks) == 0 {
		l.chunks = append(l.chunks, append(make([]int32, 0, chunkSize), slot))
		return
	}
	r := sessions[slot].rank()
	c := l.chunkOf(sessions, r)
	if len(l.chunks[c]) == chunkSize {
		l.split(c)
		c = l.chunkOf(sessions, r)
	}
	at := placeOf(sessions, l.chunks[c], r)
	l.chunks[c] = slices.Insert(l.chunks[c], at, slot)
}

// split makes room in a full chunk. The newest chunk stays nearly whole, because
// what is added behind it is newer still.
func (l *recencyList) split(c int) {
	cut := chunkSize / 2
	if c == len(l.chunks)-1 {
		cut = chunkSize - chunkSize/16
	}
	upper := append(make([]int32, 0, chunkSize), l.chunks[c][cut:]...)
	l.chunks[c] = l.chunks[c][:cut]
	l.chunks = slices.Insert(l.chunks, c+1, upper)
}

// drop takes out a slot, found by its session's present rank.
func (l *recencyList) drop(sessions []storedSession, slot int32) {
	c, at := l.place(sessions, slot)
	if len(l.chunks[c]) == 1 {
		l.chunks = slices.Delete(l.chunks, c, c+1)
		return
	}
	l.chunks[c] = slices.Delete(l.chunks[c], at, at+1)
}

// older and newer are the neighbours of a slot that is in the list and not at its end.
func (l *recencyList) older(sessions []storedSession, slot int32) int32 {
	c, at := l.place(sessions, slot)
	if at > 0 {
		return l.chunks[c][at-1]
	}
	before := l.chunks[c-1]
	return before[len(before)-1]
}

func (l *recencyList) newer(sessions []storedSession, slot int32) int32 {
	c, at := l.place(sessions, slot)
	if at+1 < len(l.chunks[c]) {
		return l.chunks[c][at+1]
	}
	return l.chunks[c+1][0]
}

func (l *recencyList) place(sessions []storedSession, slot int32) (chunk, at int) {
	r := sessions[slot].rank()
	chunk = l.chunkOf(sessions, r)
	return chunk, find(sessions, l.chunks[chunk], slot, r)
}

// oldest and newest need a list that is not empty.
func (l *recencyList) oldest() int32 { return l.chunks[0][0] }

func (l *recencyList) newest() int32 {
	last := l.chunks[len(l.chunks)-1]
	return last[len(last)-1]
}

// bytes is what the chunks occupy.
func (l *recencyList) bytes() int64 {
	return int64(len(l.chunks))*4*chunkSize + int64(cap(l.chunks))*24
}
