package recommend

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"testing"
	"time"
)

// plain is session-kNN as one would write it without thinking of caches: maps, names and
// sorting, but an index all the same, so that a question looks at no more sessions than it
// has to. It is what the ratio of the index's speed is taken against.
type plain struct {
	sessions []plainSession // oldest first
	with     map[string][]int
	clicks   map[string]int
}

type plainSession struct {
	last  int64
	items []string
}

// newPlain indexes clicks of sessions that stand one after the other.
func newPlain(clicks []Click) *plain {
	p := &plain{with: map[string][]int{}, clicks: map[string]int{}}
	key := SessionKey(0)
	for _, c := range clicks {
		if c.Session != key {
			key = c.Session
			p.sessions = append(p.sessions, plainSession{})
		}
		number := len(p.sessions) - 1
		s := &p.sessions[number]
		s.last, s.items = c.At, append(s.items, c.Item)
		p.clicks[c.Item]++
		if with := p.with[c.Item]; len(with) == 0 || with[len(with)-1] != number {
			p.with[c.Item] = append(with, number)
		}
	}
	return p
}

// neighbours answers as [Index.Neighbours] does.
func (p *plain) neighbours(q Query) []Scored {
	type candidate struct {
		number, steps int
		item          string
		sim           float64
	}
	met, seen := map[int]*candidate{}, map[string]bool{}
	for i, item := range slices.Backward(q.Items) {
		steps := len(q.Items) - 1 - i
		if seen[item] || steps >= 10 {
			continue
		}
		seen[item] = true
		with := p.with[item]
		for _, number := range with[max(0, len(with)-q.M):] {
			if met[number] == nil {
				met[number] = &candidate{number: number, steps: steps, item: item}
			}
			met[number].sim += math.Exp(-.2 * float64(steps))
		}
	}
	found := slices.SortedFunc(maps.Values(met), func(a, b *candidate) int { return cmp.Compare(b.number, a.number) })
	found = found[:min(q.M, len(found))]
	now := p.sessions[len(p.sessions)-1].last
	for _, c := range found {
		s, distinct := &p.sessions[c.number], map[string]bool{}
		for _, item := range s.items {
			distinct[item] = true
		}
		days := float64(now-s.last) / millisPerDay
		c.sim = math.Pow(c.sim*math.Pow(float64(len(distinct)), -.15), 1.5) * math.Exp(-days/120)
	}
	slices.SortStableFunc(found, func(a, b *candidate) int { return cmp.Compare(b.sim, a.sim) })
	scores, support := map[string]float64{}, map[string]int{}
	for _, c := range found[:min(q.K, len(found))] {
		items, last := p.sessions[c.number].items, map[string]int{}
		for at, item := range items {
			last[item] = at
		}
		for item, at := range last {
			near := math.Exp(-.35 * float64(at-last[c.item]))
			if at < last[c.item] {
				near = .7 * math.Exp(-.2*float64(last[c.item]-at))
			}
			if gap := at - last[c.item]; gap <= 15 && gap >= -15 {
				scores[item] += c.sim * math.Exp(-.3*float64(c.steps)) * near
				support[item]++
			}
		}
	}
	for item := range scores {
		n := float64(p.clicks[item])
		scores[item] *= (1 + .1*math.Log(float64(len(p.sessions))/n)) * math.Pow(n, -.2)
	}
	return best(scores, support, q.N, nil)
}

func TestMapsAnswerAsTheIndexDoes(t *testing.T) {
	clicks := anonymous(madeUp(20_000))
	x, p := indexOf(clicks), newPlain(clicks)
	for _, items := range pasts(clicks, 300) {
		q := Query{Items: items, M: ServingM, K: ServingK, N: 20}
		alike(t, "neighbours", x.Neighbours(q, nil), p.neighbours(q))
	}
}

// BenchmarkAgainstMaps asks both what a million sessions tell, in turns of 64 questions.
func BenchmarkAgainstMaps(b *testing.B) {
	clicks := anonymous(madeUp(1_000_000))
	x, p := indexOf(clicks), newPlain(clicks)
	past := pasts(clicks, 4096)
	turn, asked := 0, 0
	take := func(answer func(Query)) time.Duration {
		began := time.Now()
		for i := range 64 {
			answer(Query{Items: past[(64*turn+i)%len(past)], M: ServingM, K: ServingK, N: 20})
		}
		return time.Since(began)
	}
	var list []Scored
	var ours, theirs time.Duration
	for b.Loop() {
		ours += take(func(q Query) { list = x.Neighbours(q, list[:0]) })
		theirs += take(func(q Query) { p.neighbours(q) })
		turn, asked = turn+1, asked+64
	}
	b.ReportMetric(float64(theirs)/float64(ours), "times")
	b.ReportMetric(float64(ours.Nanoseconds())/float64(asked), "ns/index")
	b.ReportMetric(float64(theirs.Nanoseconds())/float64(asked), "ns/maps")
	b.ReportMetric(0, "ns/op") // of no meaning
}
