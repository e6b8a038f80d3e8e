package recommend

import "slices"

// muted tells whom an item does not believe, and whether these are most.
func (o *oracle) muted(item string) (muted func(Click) bool, most bool) {
	type who struct{ visitor, network uint32 }
	visits, visitors, known := map[who]int{}, map[uint32]int{}, 0
	with := o.with[item]
	for _, s := range with[max(0, len(with)-192):] {
		c := o.sessions[s].began
		if c.Network == 0 {
			continue
		}
		known++
		w := who{c.Visitor, c.Network}
		if visits[w]++; visits[w] == 1 || c.Visitor == 0 {
			visitors[c.Network]++
		}
	}
	muffled, theirs := map[who]bool{}, 0
	for w, n := range visits {
		if w.visitor != 0 && n > 3 {
			muffled[w] = true
			theirs += n
		}
	}
	for network, n := range visitors {
		share := o.share(network, 0)
		if newest := o.share(network, len(o.sessions)-(len(o.sessions)+9)/10); newest > 1./32 {
			share = max(share, newest)
		}
		if float64(n) > 1+float64(known)*(1./96+o.lenient*share)+1e-9 {
			muffled[who{0, network}] = true
			theirs += n
		}
	}
	return func(c Click) bool {
		return muffled[who{c.Visitor, c.Network}] || muffled[who{0, c.Network}]
	}, 2*theirs > known
}

// share is which part of the sessions of known networks from one on is of a network.
func (o *oracle) share(network uint32, from int) float64 {
	its, known := 0., 0.
	for _, s := range o.sessions[from:] {
		if s.began.Network == network {
			its++
		}
		if s.began.Network != 0 {
			known++
		}
	}
	if known == 0 {
		return 0
	}
	return its / known
}

// different reports whether there are two visitors and two networks among tellers.
func (o *oracle) different(tellers []Click) bool {
	visitors, networks := false, false
	for _, t := range tellers {
		visitors = visitors || len(tellers) > 1 && (t.Visitor == 0 || t.Visitor != tellers[0].Visitor)
		networks = networks || len(tellers) > 1 && (t.Network == 0 || t.Network != tellers[0].Network || o.share(t.Network, 0)*float64(o.large) >= 1-1e-9)
	}
	return visitors && networks
}

// believed are the m newest of sessions that are believed of what they share.
func (o *oracle) believed(met []int, m int, items []string, shared map[int][]string) []int {
	some := false
	for _, item := range items {
		muted, _ := o.muted(item)
		for _, s := range o.with[item] {
			some = some || o.wary && muted(o.sessions[s].began)
		}
	}
	if some {
		met = slices.DeleteFunc(met[:min(2*m, len(met))], func(s int) bool {
			muted, _ := o.muted(shared[s][0])
			return muted(o.sessions[s].began)
		})
	}
	return met[:min(m, len(met))]
}

// doubt takes off scores and support what is not believed.
func (o *oracle) doubt(q Query, scores map[string]float64, support map[string]int, lower func(score, part float64) float64) {
	for item, score := range scores {
		if !o.wary {
			return
		}
		var tellers []Click
		for _, s := range o.found {
			said, told := map[string]float64{}, map[string]int{}
			o.tell(s, o.by[s], 1, said, told)
			if told[item] > 0 {
				tellers = append(tellers, o.sessions[s].began)
			}
		}
		enough := func(tellers []Click) bool {
			return len(o.found) < o.plenty || o.different(tellers) || slices.Contains(q.Items, item)
		}
		muted, most := o.muted(item)
		heard := slices.DeleteFunc(slices.Clone(tellers), muted)
		switch {
		case len(tellers) == 0:
			if most {
				delete(scores, item)
			}
		case len(heard) == 0 || !enough(tellers) || !enough(heard):
			delete(scores, item)
		default:
			scores[item], support[item] = lower(score, float64(len(heard))/float64(len(tellers))), len(heard)
		}
	}
}
