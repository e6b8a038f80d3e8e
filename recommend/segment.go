package recommend

// segment is a number of sessions that never change, oldest first, with what
// questions want of them. The number of a session is its place in it, so that of two
// numbers the greater one is the newer session.
type segment struct {
	sessions []session
	clicks   []uint32
	seen     postings // sessions that contain an item, and have a say
	bought   postings // of those: sessions that purchased it
	keys     keyTable

	effective []effective // when each session ended, as far as it is compared with others

	lowest, highest SessionKey // of keys
}

// postings are lists of session numbers, ascending, one for each item. Where most
// items have one, the item is its list's place; otherwise a hash table tells it.
type postings struct {
	starts  []uint32 // where the list in a place begins; the next place's is where it ends
	numbers []uint32
	items   []uint32 // the item in each place, if there is a table
	cells   []uint32 // places, plus one: open addressing by item; nil if there is no table
}

// of returns the sessions with an item.
func (p *postings) of(item uint32) []uint32 {
	place := item
	if p.cells != nil {
		mask := uint32(len(p.cells) - 1)
		at := scatterItem(item) & mask
		for {
			if p.cells[at] == 0 {
				return nil
			}
			if place = p.cells[at] - 1; p.items[place] == item {
				break
			}
			at = (at + 1) & mask
		}
	}
	if int(place)+1 >= len(p.starts) {
		return nil
	}
	return p.numbers[p.starts[place]:p.starts[place+1]]
}

func scatterItem(item uint32) uint32 {
	h := item * 0x9E3779B9
	return h ^ h>>16
}

// bytes is what a segment occupies.
func (g *segment) bytes() int64 {
	return sessionBytes*int64(cap(g.sessions)) + 4*int64(cap(g.clicks)+cap(g.effective)+cap(g.keys.cells)) + g.seen.bytes() + g.bought.bytes()
}

func (p *postings) bytes() int64 {
	return 4 * int64(cap(p.starts)+cap(p.numbers)+cap(p.items)+cap(p.cells))
}

// builder makes segments. What it counts in is used again for the next one.
type builder struct {
	marks []uint32 // by item: 1 + the last session, counted from base, that was met with it
	base  uint32
	count []uint32 // by item: how many sessions, then where the next one goes; zero between segments
	met   []uint32 // items with a count

	longest int // clicks of a session that is listed
}

// complete makes the lists and the key table of a segment whose sessions and clicks are
// there. Items are numbered below items. It costs some 50 ns a click.
func (b *builder) complete(g *segment, items int) {
	g.keys = newKeyTable(len(g.sessions))
	g.lowest, g.highest = g.sessions[0].key, g.sessions[0].key
	for number := range g.sessions {
		g.keys.put(g.sessions, int32(number+1))
		key := g.sessions[number].key
		g.lowest, g.highest = min(g.lowest, key), max(g.highest, key)
	}
	g.keys.used = len(g.sessions)
	g.effective = make([]effective, len(g.sessions))
	g.seen = b.list(g, items, 0)
	for number, distinct := range g.effective { // of whoever has no say it is never read
		g.effective[number] = theTables().effective(g.sessions[number].last, int(distinct))
	}
	g.bought = b.list(g, items, Purchased)
}

// list makes the lists of sessions that did at least an action.
func (b *builder) list(g *segment, items int, least Action) (p postings) {
	if least == Viewed || anyBought(g.clicks) {
		b.each(g, items, least, func(_ int, item uint32) {
			if b.count[item] == 0 {
				b.met = append(b.met, item)
			}
			b.count[item]++
		})
	}
	if len(b.met) == 0 {
		return p
	}
	total := b.place(&p, items)
	p.numbers = make([]uint32, total)
	b.each(g, items, least, func(number int, item uint32) {
		p.numbers[b.count[item]] = uint32(number)
		b.count[item]++
		if least == Viewed {
			g.effective[number]++ // how many distinct items, until they are all counted
		}
	})
	if p.cells == nil {
		clear(b.count[:items])
	}
	for _, item := range b.met {
		b.count[item] = 0
	}
	b.met = b.met[:0]
	return p
}

func anyBought(clicks []uint32) bool {
	for _, click := range clicks {
		if isPurchase(click) {
			return true
		}
	}
	return false
}

// each calls f for every session that has a say, and each of its distinct items with such an action.
func (b *builder) each(g *segment, items int, least Action, f func(number int, item uint32)) {
	b.marks, b.count = extend(b.marks, items), extend(b.count, items)
	if b.base > 1<<31 {
		clear(b.marks)
		b.base = 0
	}
	for number := range g.sessions {
		if int(g.sessions[number].n) > b.longest {
			continue
		}
		mark := b.base + uint32(number) + 1
		for _, click := range g.sessions[number].of(g.clicks) {
			if item := click & itemMask; b.marks[item] != mark && Action(click>>actionShift) >= least {
				b.marks[item] = mark
				f(number, item)
			}
		}
	}
	b.base += uint32(len(g.sessions))
}

// place gives every counted item its place, and turns its count into where its list
// begins. It returns how long all lists are together.
func (b *builder) place(p *postings, items int) (total uint32) {
	if 4*len(b.met) < items {
		p.items = append([]uint32(nil), b.met...)
		p.cells = make([]uint32, cellsFor(len(b.met)))
		mask := uint32(len(p.cells) - 1)
		p.starts = make([]uint32, len(b.met)+1)
		for place, item := range p.items {
			at := scatterItem(item) & mask
			for p.cells[at] != 0 {
				at = (at + 1) & mask
			}
			p.cells[at] = uint32(place + 1)
			p.starts[place], b.count[item], total = total, total, total+b.count[item]
		}
		p.starts[len(b.met)] = total
		return total
	}
	p.starts = make([]uint32, items+1)
	for item, n := range b.count[:items] {
		p.starts[item], b.count[item], total = total, total, total+n
	}
	p.starts[items] = total
	return total
}

func (b *builder) bytes() int64 { return 4 * int64(cap(b.marks)+cap(b.count)+cap(b.met)) }
