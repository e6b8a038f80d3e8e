package recommend

import "slices"

// What an item's newest sessions may have in common before it is suspicious. Natural
// shoppers come from ten thousands of networks, and from those of a carrier in proportion
// to its share of all; whoever invents shoppers has few networks to invent them in.
const (
	guardSessions = 192 // the newest that are looked at
	guardPart     = 96  // one visitor of a network may be among them, and beside it one in so many of them
	guardShare    = 4   // and so many times the network's share of all sessions
	guardLarge    = 32  // a network with one in so many of the newest sessions may have come to be what it is
	guardVisits   = 3   // so many of them may be one visitor's
)

// guard is what an item's newest sessions say of where they come from.
type guard struct {
	changed uint32  // as the item's record had it
	known   uint32  // how many of them are of known networks
	crowds  []crowd // visitors, and networks without one, that are there more often than they freely may
}

// teller is whose a session is that says something.
type teller struct{ visitor, network uint32 }

func (s *session) teller() teller { return teller{s.visitor, s.network} }

// crowd is how often somebody is there: how many sessions are a visitor's, or how many
// visitors are of a network.
type crowd struct {
	teller
	times uint32
}

// guard returns that of an item.
func (v *view) guard(s *scratch, item uint32) *guard {
	changed, at := v.items.of(item).changed, &v.kept.of(item).guard
	old := at.Load()
	if old != nil && old.changed == changed {
		return old
	}
	fresh := v.makeGuard(s, item)
	fresh.changed = changed
	was := 0
	if old != nil {
		was = 1 + len(old.crowds)
	}
	keep(&v.kept, at, old, fresh, 1+len(fresh.crowds), was)
	return fresh
}

// makeGuard looks at an item's newest sessions.
func (v *view) makeGuard(s *scratch, item uint32) *guard {
	found := s.layAside()
	v.meet(s, s.only(item), false, guardSessions, nowhere)
	g := &guard{}
	clear(s.crowds[:])
	for i := range s.found {
		t := v.session(s.found[i].place).teller()
		if t.network == 0 {
			continue
		}
		g.known++
		if t.visitor == 0 || s.crowd(t) == 1 {
			s.crowd(teller{network: t.network})
		}
	}
	for _, c := range s.crowds {
		if c.visitor == 0 && c.times > 1+g.known/guardPart || c.visitor != 0 && c.times > guardVisits {
			g.crowds = append(g.crowds, c)
		}
	}
	s.takeBack(found)
	return g
}

// crowd counts one more, and returns how many there are now.
func (s *scratch) crowd(t teller) uint32 {
	at := scatterItem(t.network ^ scatterItem(t.visitor))
	for ; ; at++ {
		c := &s.crowds[at%uint32(len(s.crowds))]
		if c.times == 0 {
			c.teller = t
		}
		if c.teller == t {
			c.times++
			return c.times
		}
	}
}

// muted lists who is not believed of an item. Of its newest 192 sessions those of known
// networks are looked at: a network is muted with more visitors than one, one in 96 of them,
// and four times what its share of all sessions lets expect, or that of the newest tenth if
// it is large; and so is a visitor with more than three sessions. Nearly always there is
// none. Most is whether these are more than half of those looked at. The list is valid until
// the scratch is used for another item.
func (v *view) muted(s *scratch, item uint32) (mutes []teller, most bool) {
	s.mutes = s.mutes[:0]
	if v.items.of(item).seen < 2 {
		return nil, false
	}
	g, theirs := v.guard(s, item), uint32(0)
	for _, c := range g.crowds {
		if c.visitor == 0 {
			beyond := (float64(c.times)-1)/float64(g.known) - 1./guardPart
			if beyond <= v.lenient*v.networks.share(c.network) {
				continue
			}
			if newest := v.newestNetworks.share(c.network); newest > 1./guardLarge && beyond <= v.lenient*newest {
				continue
			}
		}
		s.mutes = append(s.mutes, c.teller)
		theirs += c.times
	}
	return s.mutes, 2*theirs > g.known
}

// isMuted reports whether a teller is among those that are muted.
func isMuted(mutes []teller, t teller) bool {
	return slices.ContainsFunc(mutes, func(m teller) bool {
		return m.network == t.network && (m.visitor == 0 || m.visitor == t.visitor)
	})
}

// meetBelieved is meet without sessions that are not believed of the item by which they are
// found: they are taken out of the 2 m newest.
func (v *view) meetBelieved(s *scratch, of []sought, m int, own place) {
	some := false
	for _, o := range of {
		mutes, _ := v.muted(s, o.item)
		some = some || len(mutes) > 0
	}
	if !some {
		v.meet(s, of, false, m, own)
		return
	}
	v.meet(s, of, false, 2*m, own)
	for _, o := range of {
		if mutes, _ := v.muted(s, o.item); len(mutes) > 0 {
			s.found = slices.DeleteFunc(s.found, func(c candidate) bool {
				return c.item == o.item && isMuted(mutes, v.session(c.place).teller())
			})
		}
	}
	s.found = s.found[:min(m, len(s.found))]
}
