package recommend

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// shop appends sessions to both indexes: sessions of two to seven clicks
// over a few hundred items, every tenth click late and every ninth a purchase.
func shop(sessions int, appendTo ...func(Click)) {
	random := rand.New(rand.NewPCG(7, 8))
	zipf := rand.NewZipf(random, 1.2, 4, 299)
	for i := range sessions * 4 {
		c := Click{
			Session: SessionKey(1 + i/20*5 + random.IntN(5)),
			Item:    fmt.Sprintf("p%d", zipf.Uint64()),
			At:      int64(i) * 10_000,
		}
		if random.IntN(10) == 0 {
			c.At -= random.Int64N(10_000_000)
		}
		if random.IntN(9) == 0 {
			c.Action = Purchased
		}
		for _, f := range appendTo {
			f(c)
		}
	}
}

// Long postings and many candidates, with which random small worlds do not meet.
func TestALargeLogAnswersAsTheNaiveOneDoes(t *testing.T) {
	x, v := NewIndex(Limits{}), newNaive(Limits{})
	shop(3000, func(c Click) { x.Append(c) }, v.append)
	for i := range 12 {
		q := Query{Items: []string{"p0", fmt.Sprintf("p%d", i), "p250", "p1", "p0"}[i%4:], M: 500, K: 100, N: 20, Own: 9}
		for what, c := range map[string][2][]Scored{
			"neighbours": {x.Neighbours(q, nil), v.neighbours(q)},
			"blend":      {x.Blend(q, nil), newOracle(v).blend(q)},
			"viewed":     {x.ViewedTogether(q.Items[0], 20, nil, nil), v.together(q.Items[0], 20, nil, false)},
			"bought":     {x.BoughtTogether(q.Items[0], 20, nil, nil), v.together(q.Items[0], 20, nil, true)},
			"popular":    {x.Popular(20, nil, nil), v.popular(20, nil)},
		} {
			if len(c[0]) != 20 && what != "bought" || !slices.EqualFunc(c[0], c[1], nearly) {
				t.Errorf("%s of %v:\n got %v\nwant %v", what, q.Items, c[0], c[1])
			}
		}
	}
}

func nearly(a, b Scored) bool {
	return a.Item == b.Item && a.Support == b.Support && abs(a.Score-b.Score) <= 1e-6*(1+abs(b.Score))
}

// A full window stays as large as it is, however many sessions and items pass.
func TestAWindowDoesNotGrow(t *testing.T) {
	x := NewIndex(Limits{Sessions: 500})
	fill := func(round int) Stats {
		for i := range 20_000 {
			n := round*20_000 + i
			x.Append(Click{
				Session: SessionKey(1 + n/4),
				Item:    fmt.Sprintf("p%06d", n/40),
				At:      int64(n) * 1000,
			})
		}
		return x.Stats()
	}
	first := fill(0)
	for round := 1; round < 5; round++ {
		if s := fill(round); s.Sessions != 500 || s.Clicks != first.Clicks || s.Items > 51 || s.Bytes > 256<<10 {
			t.Fatalf("round %d: %+v, after the first %+v", round, s, first)
		}
	}
	for s := range SessionKey(25_001) {
		x.Remove(s)
	}
	if s := x.Stats(); s.Sessions != 0 || s.Clicks != 0 || s.Items != 0 {
		t.Errorf("after all left: %+v", s)
	}
	if got := x.Popular(5, nil, nil); got != nil {
		t.Errorf("nothing is popular, but %v", got)
	}
}

func TestClicksWithoutSessionOrItemAreIgnored(t *testing.T) {
	x := NewIndex(DefaultLimits())
	x.Append(Click{Item: "a", At: 1}, Click{Session: 1, At: 1})
	if s := x.Stats(); s.Clicks != 0 || s.Sessions != 0 {
		t.Errorf("%+v", s)
	}
	x.Append(Click{Session: 1, Item: "a", Action: 77, At: 1}, Click{Session: 1, Item: "b", Action: Added, At: 2})
	if got := x.BoughtTogether("a", 5, nil, nil); got != nil {
		t.Errorf("an unknown action was taken for a purchase: %v", got)
	}
	if x.Remove(0) || x.Remove(2) || !x.Remove(1) || x.Remove(1) {
		t.Error("Remove must report what was there")
	}
}

func TestCrawlersHaveNoSay(t *testing.T) {
	x := NewIndex(Limits{})
	for s := range SessionKey(3) {
		x.Append(Click{Session: s + 1, Item: "tea", Action: Viewed, At: 1}, Click{Session: s + 1, Item: "pot", Action: Viewed, At: 2})
	}
	for i := range longestSay + 1 {
		x.Append(Click{Session: 99, Item: fmt.Sprintf("p%d", i), Action: Purchased, At: int64(10 + 3*i)},
			Click{Session: 99, Item: "tea", Action: Purchased, At: int64(11 + 3*i)}, Click{Session: 99, Item: "pot", Action: Purchased, At: int64(12 + 3*i)})
	}
	if got := x.ViewedTogether("tea", 9, nil, nil); len(got) != 1 || got[0].Item != "pot" || got[0].Support != 3 {
		t.Errorf("viewed with tea: %v", got)
	}
	if got := x.BoughtTogether("tea", 9, nil, nil); len(got) != 0 {
		t.Errorf("bought with tea: %v", got)
	}
	if got := x.Popular(9, nil, nil); len(got) != 2 || got[0].Support != 3 {
		t.Errorf("popular: %v", got)
	}
	for _, item := range []string{"tea", "p7"} {
		q := Query{Items: []string{item}, M: 500, K: 100, N: 9, Unseen: true}
		if got := append(x.Neighbours(q, nil), x.Blend(q, nil)...); slices.ContainsFunc(got, func(s Scored) bool { return s.Item != "tea" && s.Item != "pot" }) {
			t.Errorf("after %s: %v", item, got)
		}
	}
}

// How far back a question looks is part of its answer.
func TestDepths(t *testing.T) {
	x := NewIndex(Limits{})
	session := SessionKey(0)
	add := func(n int, items ...string) {
		for range n {
			session++
			for _, item := range items {
				x.Append(Click{Session: session, Item: item, Action: Viewed, At: 1}, Click{Session: session, Item: item, Action: Purchased, At: 1})
			}
		}
	}
	add(5, "tea", "old pot", "gone")
	add(popularDepth-togetherDepth, "filler")
	add(3, "tea", "pot")
	add(togetherDepth-3, "tea")
	for what, got := range map[string][]Scored{
		"viewed": x.ViewedTogether("tea", 9, nil, nil),
		"bought": x.BoughtTogether("tea", 9, nil, nil),
	} {
		if len(got) != 1 || got[0].Item != "pot" || got[0].Support != 3 {
			t.Errorf("%s with tea: %v", what, got)
		}
	}
	if got := x.Popular(9, nil, nil); len(got) != 3 || got[0].Item != "filler" || got[1].Support != togetherDepth {
		t.Errorf("popular: %v", got)
	}
}

func TestLongQueriesCountFromTheirEnd(t *testing.T) {
	x := NewIndex(Limits{})
	shop(500, func(c Click) { x.Append(c) })
	q := Query{M: 500, K: 100, N: 20}
	for i := range maxQueryItems + 300 {
		q.Items = append(q.Items, fmt.Sprintf("p%d", i*7%300))
	}
	q.Items[0] = "p1"
	long := x.Neighbours(q, nil)
	q.Items = q.Items[300:]
	if short := x.Neighbours(q, nil); len(short) != 20 || !slices.Equal(long, short) {
		t.Errorf("\n long %v\nshort %v", long, short)
	}
	q.Items = []string{"nobody", "knows"}
	if got := x.Neighbours(q, nil); got != nil {
		t.Errorf("from nothing known: %v", got)
	}
}

// What was excluded is replaced, and asked about only where it matters.
func TestExclusionsAreFilledUp(t *testing.T) {
	x := NewIndex(Limits{})
	shop(500, func(c Click) { x.Append(c) })
	q := Query{Items: []string{"p3", "p0"}, M: 500, K: 100, N: 50}
	all := x.Neighbours(q, nil)
	out := map[string]bool{all[0].Item: true, all[4].Item: true, all[9].Item: true}
	asked := 0
	q.N = 10
	q.Exclude = func(item string) bool { asked++; return out[item] }
	want := slices.DeleteFunc(all, func(s Scored) bool { return out[s.Item] })[:10]
	if got := x.Neighbours(q, nil); !slices.Equal(got, want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
	if items := x.Stats().Items; asked >= items {
		t.Errorf("asked about %d of %d items", asked, items)
	}
}

func TestQueriesAllocateNothing(t *testing.T) {
	x := NewIndex(Limits{})
	shop(2000, func(c Click) { x.Append(c) })
	past, list := []string{"p1", "p7", "p0"}, make([]Scored, 0, 20)
	for name, ask := range map[string]func(){
		"blend":      func() { x.Blend(Query{Items: past, M: ServingM, K: BlendK, N: 20}, list) },
		"neighbours": func() { x.Neighbours(Query{Items: past, M: ServingM, K: ServingK, N: 20}, list) },
		"viewed":     func() { x.ViewedTogether("p1", 20, nil, list) },
		"popular":    func() { x.Popular(20, nil, list) },
	} {
		if n := testing.AllocsPerRun(200, ask); n >= 1 && !raceEnabled() {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// raceEnabled tells by its effect: the race detector's pools drop things on purpose.
func raceEnabled() bool {
	pool := sync.Pool{}
	for range 64 {
		pool.Put(new(int))
		if pool.Get() == nil {
			return true
		}
	}
	return false
}

// Marks that are about to come round must not make old tallies look like new ones.
func TestMarksComeRound(t *testing.T) {
	s := &scratch{mark: 1<<31 + 1, tallies: make([]tally, 3, 8)}
	for i := range s.tallies {
		s.tallies[i] = tally{score: 5, mark: 1, support: 5}
	}
	s.ready(4)
	s.tell([]uint32{1, 1, 2}, 2)
	s.tell([]uint32{2}, 1)
	if s.tallies[1] != (tally{score: 2, mark: 1, support: 1}) || s.tallies[2] != (tally{score: 3, mark: 2, support: 2}) || !slices.Equal(s.touched, []uint32{1, 2}) {
		t.Errorf("tallies %v, touched %v", s.tallies, s.touched)
	}
}
