package recommend

// add puts a session behind the others.
func (g *segment) add(s *session, clicks []uint32) {
	moved := *s
	moved.start = uint32(len(g.clicks))
	g.sessions = append(g.sessions, moved)
	g.clicks = append(g.clicks, clicks...)
}

// merge makes one of the parts that are too small beside those after them, or of which
// most is dead, and lets go of those in which nothing lives.
func (x *Index) merge() {
	from, behind := len(x.parts), 0
	for i := len(x.parts) - 1; i >= 0; i-- {
		p := &x.parts[i]
		small := i < len(x.parts)-1 && p.liveClicks <= max(behind, x.sizes.small)
		if small || 2*p.liveClicks < len(p.clicks) {
			from = i
		}
		behind += p.liveClicks
	}
	if from < len(x.parts) {
		x.mergeFrom(from, nil)
	}
}

// mergeFrom merges parts from a place on, and gives items other numbers unless that is nil.
func (x *Index) mergeFrom(from int, numbers []uint32) {
	sessions, clicks := 0, 0
	for i := range x.parts[from:] {
		sessions += x.parts[from+i].live
		clicks += x.parts[from+i].liveClicks
	}
	merged := &segment{sessions: make([]session, 0, sessions), clicks: make([]uint32, 0, clicks)}
	o := order{x.parts[from:], make([]int, len(x.parts)-from)}
	for at := o.newer(); at != nowhere; at = o.newer() {
		p := &o.parts[at.part]
		s := &p.sessions[at.number]
		merged.add(s, s.of(p.clicks))
	}
	for i, click := range merged.clicks {
		if numbers != nil {
			merged.clicks[i] = click&^itemMask | numbers[click&itemMask]
		}
	}
	clear(x.parts[from:])
	x.parts = x.parts[:from]
	if sessions > 0 {
		x.builder.complete(merged, x.items.count())
		x.parts = append(x.parts, newPart(merged))
	}
}

// renumber lets go of the items that have no clicks, by giving the others new numbers.
func (x *Index) renumber() {
	next := newItems()
	numbers := make([]uint32, x.items.count())
	for item, name := range x.items.names {
		if r := x.items.of(uint32(item)); r.clicks > 0 {
			numbers[item] = next.intern(name)
			p, at := next.page(numbers[item]), numbers[item]&pageMask
			p.records[at] = *r
			p.settle(at, x.tables)
		}
	}
	next.idle = 0
	x.items = next
	x.mergeFrom(0, numbers)
	x.kept = newKept(x.kept.limit)
}
