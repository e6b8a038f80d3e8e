package recommend

import (
	"cmp"
	"math"
	"slices"
)

// naive is the index as one would write it without caring for time or space:
// every session's clicks in a map, everything else counted anew for each question.
type naive struct {
	limits   Limits
	sessions map[SessionKey][]Click
	ended    map[SessionKey]int64
	began    map[SessionKey]Click

	longest, thin, plenty, large int // as the index has them
	lenient                      float64
}

func newNaive(limits Limits) *naive {
	return &naive{
		limits: limits, sessions: map[SessionKey][]Click{}, ended: map[SessionKey]int64{}, began: map[SessionKey]Click{},
		longest: 200, thin: 1000, plenty: 50, large: 32, lenient: 4,
	}
}

func (v *naive) append(c Click) {
	clicks := append(v.sessions[c.Session], c)
	if len(clicks) == 1 {
		v.began[c.Session] = c
	}
	if len(clicks) == 1 || c.At > v.ended[c.Session] {
		v.ended[c.Session] = c.At
	}
	if v.limits.SessionClicks > 0 && len(clicks) > v.limits.SessionClicks {
		clicks = clicks[1:]
	}
	v.sessions[c.Session] = clicks
	if v.limits == (Limits{}) {
		return
	}
	for keys := v.newestFirst(); len(keys) > 1 && v.tooMuch(keys); keys = v.newestFirst() {
		delete(v.sessions, keys[len(keys)-1])
	}
}

func (v *naive) remove(s SessionKey) bool {
	_, ok := v.sessions[s]
	delete(v.sessions, s)
	return ok
}

func (v *naive) last(s SessionKey) int64 { return v.ended[s] }

func (v *naive) newestFirst() []SessionKey {
	var keys []SessionKey
	for key := range v.sessions {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b SessionKey) int {
		return cmp.Or(cmp.Compare(v.last(b), v.last(a)), cmp.Compare(b, a))
	})
	return keys
}

func (v *naive) tooMuch(keys []SessionKey) bool {
	clicks := 0
	for _, s := range v.sessions {
		clicks += len(s)
	}
	age := v.last(keys[0]) - v.last(keys[len(keys)-1])
	return v.limits.Sessions > 0 && len(keys) > v.limits.Sessions ||
		v.limits.Clicks > 0 && clicks > v.limits.Clicks ||
		v.limits.Days > 0 && age > int64(v.limits.Days)*24*3600*1000
}

// items are the distinct items of a session, only purchases if bought.
func (v *naive) items(s SessionKey, bought bool) map[string]bool {
	found := map[string]bool{}
	for _, c := range v.sessions[s] {
		if !bought || c.Action == Purchased {
			found[c.Item] = true
		}
	}
	return found
}

func (v *naive) neighbours(q Query) []Scored {
	o := newOracle(v)
	scores, support := o.knn(q)
	o.doubt(q, scores, support, func(score, part float64) float64 { return score * part })
	for _, item := range slices.Concat(q.Items, q.Earlier) {
		if q.Unseen {
			delete(scores, item)
		}
	}
	return best(scores, support, q.N, q.Exclude)
}

func (v *naive) clicks() map[string]int {
	count := map[string]int{}
	for _, clicks := range v.sessions {
		for _, c := range clicks {
			count[c.Item]++
		}
	}
	return count
}

func (v *naive) together(item string, n int, exclude func(string) bool, bought bool) []Scored {
	with, all, shared := 0, map[string]int{}, map[string]int{}
	o, tellers := newOracle(v), map[string][]Click{}
	for _, key := range v.newestFirst() {
		if len(v.sessions[key]) > v.longest {
			continue
		}
		for other := range v.items(key, bought) {
			all[other]++
		}
		items := map[string]bool{}
		for _, c := range v.sessions[key] {
			if (c.Action == Purchased) == bought {
				items[c.Item] = true
			}
		}
		if !items[item] || all[item] > 2000 {
			continue
		}
		with++
		for other := range items {
			shared[other]++
			tellers[other] = append(tellers[other], v.began[key])
		}
	}
	delete(shared, item)
	scores := map[string]float64{}
	for other := range shared {
		if o.wary {
			muted, _ := o.muted(other)
			tellers[other] = slices.DeleteFunc(tellers[other], muted)
			if !o.different(tellers[other]) {
				continue
			}
			shared[other] = len(tellers[other])
		}
		f := float64(shared[other])
		scores[other] = f / (f + 5) * f / math.Sqrt(float64(with)*float64(all[other]))
	}
	return best(scores, shared, n, exclude)
}

func (v *naive) popular(n int, exclude func(string) bool) []Scored {
	scores, support := map[string]float64{}, map[string]int{}
	keys := v.newestFirst()
	for _, key := range keys[:min(10000, len(keys))] {
		if len(v.sessions[key]) > v.longest {
			continue
		}
		hours := (v.last(keys[0]) - v.last(key)) / 3600_000
		for item := range v.items(key, false) {
			scores[item] += math.Exp2(-float64(hours) / 168)
			support[item]++
		}
	}
	o := newOracle(v)
	for item := range scores {
		var tellers []Click
		for _, key := range keys {
			if v.items(key, false)[item] && len(v.sessions[key]) <= v.longest && len(tellers) < 2000 {
				tellers = append(tellers, v.began[key])
			}
		}
		if muted, _ := o.muted(item); o.wary && 2*len(slices.DeleteFunc(slices.Clone(tellers), muted)) < len(tellers) {
			delete(scores, item)
		}
	}
	return best(scores, support, n, exclude)
}

func best(scores map[string]float64, support map[string]int, n int, exclude func(string) bool) []Scored {
	var list []Scored
	for item, score := range scores {
		if exclude == nil || !exclude(item) {
			list = append(list, Scored{item, score, support[item]})
		}
	}
	slices.SortFunc(list, func(a, b Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	return list[:min(n, len(list))]
}
