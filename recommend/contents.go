package recommend

import "unsafe"

// Session appends the clicks of a session to dst, oldest first; nothing if the
// index does not contain it. Clicks more than 49 days before the session's last
// have the time of that limit.
func (x *Index) Session(s SessionKey, dst []Click) []Click {
	x.mu.RLock()
	defer x.mu.RUnlock()
	slot := x.slots.find(x.sessions, s)
	if slot < 0 {
		return dst
	}
	stored := &x.sessions[slot]
	times := x.trails.times(stored)
	newest := times[len(times)-1]
	for i, click := range x.trails.clicks(stored) {
		dst = append(dst, Click{
			Session: s,
			Item:    x.items.names[click&itemMask],
			Action:  Action(click >> actionShift),
			At:      stored.last - int64(newest-times[i]),
		})
	}
	return dst
}

// Stats counts what the index holds. It costs O(items).
func (x *Index) Stats() Stats {
	x.mu.RLock()
	defer x.mu.RUnlock()
	bytes := x.items.bytes() + x.recency.bytes() + x.postings.blocks.bytes() + x.trails.blocks.bytes()
	bytes += int64(cap(x.sessions)) * int64(unsafe.Sizeof(storedSession{}))
	bytes += 4 * int64(cap(x.vacant)+cap(x.slots.cells)+cap(x.postings.slots))
	bytes += 4*int64(cap(x.trails.items)+cap(x.trails.offsets)+cap(x.newest.clicks)) + x.own.bytes() + 8*x.pairs.Load()
	return Stats{Sessions: x.live, Clicks: x.clicks, Items: len(x.items.ids), Bytes: bytes}
}
