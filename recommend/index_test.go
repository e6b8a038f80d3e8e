package recommend

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawClick draws from a small world, so that sessions meet, times collide and
// clicks come late.
func drawClick(t *rapid.T) Click {
	return Click{
		Session: SessionKey(rapid.IntRange(1, 12).Draw(t, "session")),
		Item:    drawItem(t),
		Action:  Action(rapid.IntRange(0, 2).Draw(t, "action")),
		At:      rapid.Int64Range(0, 60).Draw(t, "at") * rapid.SampledFrom([]int64{1, 3600_000}).Draw(t, "unit"),
		Visitor: rapid.Uint32Range(0, 4).Draw(t, "visitor"),
		Network: rapid.Uint32Range(0, 4).Draw(t, "network"),
	}
}

func drawItem(t *rapid.T) string {
	return fmt.Sprintf("p%d", rapid.IntRange(1, 15).Draw(t, "item"))
}

func drawLimits(t *rapid.T) Limits {
	return Limits{
		Sessions:      rapid.SampledFrom([]int{0, 3, 8}).Draw(t, "sessions"),
		Clicks:        rapid.SampledFrom([]int{0, 5, 30}).Draw(t, "clicks"),
		Days:          rapid.SampledFrom([]int{0, 1}).Draw(t, "days"),
		SessionClicks: rapid.SampledFrom([]int{0, 1, 4}).Draw(t, "session clicks"),
	}
}

func drawQuery(t *rapid.T) Query {
	q := Query{
		Items:  rapid.SliceOfN(rapid.Custom(drawItem), 0, 6).Draw(t, "items"),
		M:      rapid.IntRange(1, 10).Draw(t, "m"),
		K:      rapid.IntRange(1, 6).Draw(t, "k"),
		N:      rapid.IntRange(1, 8).Draw(t, "n"),
		Own:    SessionKey(rapid.IntRange(0, 12).Draw(t, "own")),
		Unseen: rapid.Bool().Draw(t, "unseen"),
	}
	if rapid.Bool().Draw(t, "with a history") {
		q.Earlier = rapid.SliceOfN(rapid.Custom(drawItem), 0, 5).Draw(t, "earlier")
		q.Apart = rapid.IntRange(0, 4).Draw(t, "apart")
	}
	if out := rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "exclude"); out != "" {
		q.Exclude = func(item string) bool { return strings.Contains(item, out) }
	}
	return q
}

// sameAnswers asks both indexes everything about one query.
func sameAnswers(t *rapid.T, x *Index, v *naive, q Query) {
	item := drawItem(t)
	alike(t, "neighbours", x.Neighbours(q, nil), v.neighbours(q))
	alike(t, "blend", x.Blend(q, nil), newOracle(v).blend(q))
	same(t, "viewed", x.ViewedTogether(item, q.N, q.Exclude, nil), v.together(item, q.N, q.Exclude, false))
	same(t, "bought", x.BoughtTogether(item, q.N, q.Exclude, nil), v.together(item, q.N, q.Exclude, true))
	same(t, "popular", x.Popular(q.N, q.Exclude, nil), v.popular(q.N, q.Exclude))
}

func same(t *rapid.T, what string, got, want []Scored) {
	if !slices.EqualFunc(got, want, func(a, b Scored) bool {
		return a.Item == b.Item && a.Support == b.Support && math.Abs(a.Score-b.Score) <= 1e-9*math.Abs(b.Score)
	}) {
		t.Fatalf("%s:\n got %v\nwant %v", what, got, want)
	}
}

// alike wants the same items in the same order with the same scores, but for those
// whose scores lie so close together that adding in another order tells.
func alike(t interface{ Fatalf(string, ...any) }, what string, got, want []Scored) {
	const close = 1e-5
	if len(got) != len(want) {
		t.Fatalf("%s:\n got %v\nwant %v", what, got, want)
	}
	scores := map[string]Scored{}
	for _, w := range want {
		scores[w.Item] = w
	}
	for i, g := range got {
		w, ok := scores[g.Item]
		if !ok { // only what scores as the last one does may have come in its place
			w = Scored{g.Item, want[len(want)-1].Score, g.Support}
		}
		if w.Support != g.Support || abs(g.Score-w.Score) > close*(1+abs(w.Score)) || abs(g.Score-want[i].Score) > close*(1+abs(w.Score)) {
			t.Fatalf("%s, place %d:\n got %v\nwant %v", what, i, got, want)
		}
	}
}

// checkWhole compares everything stored, and the postings with what they must be.
func checkWhole(t *rapid.T, x *Index, v *naive) {
	clicks := 0
	for key, want := range v.sessions {
		clicks += len(want)
		var items []string
		for _, c := range want {
			items = append(items, c.Item)
		}
		if got, ended := x.Session(key, nil); !slices.Equal(got, items) || ended != v.last(key) {
			t.Fatalf("session %d:\n got %v until %d\nwant %v until %d", key, got, ended, items, v.last(key))
		}
	}
	s := x.Stats()
	if s.Sessions != len(v.sessions) || s.Clicks != clicks || s.Items != len(v.clicks()) {
		t.Fatalf("stats %+v, want %d sessions, %d clicks, %d items", s, len(v.sessions), clicks, len(v.clicks()))
	}
	keys := v.newestFirst()
	slices.Reverse(keys)
	o, w := newOracle(v), x.view.Load()
	for name := range o.clicks {
		item, ok := w.items.find(name)
		got := *w.items.of(item)
		want := record{uint32(o.clicks[name]), uint32(o.newest[name]), uint32(len(o.with[name])), 0, got.changed}
		for _, key := range keys {
			if v.items(key, true)[name] && len(v.sessions[key]) <= v.longest {
				want.bought++
			}
		}
		if !ok || got != want || abs(float64(w.items.rarity(item))-math.Pow(float64(got.clicks), -.3)) > 1e-6 {
			t.Fatalf("%s is counted as %+v, want %+v", name, got, want)
		}
		checkLists(t, w, v, keys, name, item, false)
		checkLists(t, w, v, keys, name, item, true)
	}
}

// checkLists wants the sessions with an item, in each part the oldest first.
func checkLists(t *rapid.T, w *view, v *naive, keys []SessionKey, name string, item uint32, bought bool) {
	var got, want []SessionKey
	for i := range w.parts {
		p := &w.parts[i]
		list := p.seen.of(item)
		if bought {
			list = p.bought.of(item)
		}
		if !slices.IsSorted(list) {
			t.Fatalf("list of %s: %v", name, list)
		}
		for _, number := range list {
			if !p.gone(int(number)) {
				got = append(got, p.sessions[number].key)
			}
		}
		if !slices.IsSortedFunc(p.sessions, func(a, b session) int { return a.rank().compare(b.rank()) }) {
			t.Fatalf("sessions of part %d: %+v", i, p.sessions)
		}
	}
	for _, key := range keys {
		if v.items(key, bought)[name] && len(v.sessions[key]) <= v.longest {
			want = append(want, key)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("sessions with %s, bought %v: %v, want %v", name, bought, got, want)
	}
}

// drawSizes makes an index that puts itself in order as often as large ones do.
func drawSizes(t *rapid.T, x *Index) {
	x.sizes = sizes{
		drafts: rapid.SampledFrom([]int{3, 1 << 20}).Draw(t, "drafts"),
		small:  rapid.SampledFrom([]int{0, 4, 1 << 11}).Draw(t, "small"),
		spare:  rapid.SampledFrom([]int{0, 1 << 10}).Draw(t, "spare"),
	}
}

func TestIndexAnswersAsTheNaiveOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := drawLimits(t)
		x, v := NewIndex(limits), newNaive(limits)
		v.longest = rapid.SampledFrom([]int{3, 8, 200}).Draw(t, "clicks of who has a say")
		x.listen(v.longest)
		v.thin = rapid.SampledFrom([]int{0, 6, 1000}).Draw(t, "thin below")
		v.plenty = rapid.SampledFrom([]int{1, 3, 50}).Draw(t, "neighbours that are plenty")
		v.lenient = rapid.SampledFrom([]float64{0, .3, 4}).Draw(t, "times its share")
		v.large = rapid.SampledFrom([]int{1, 2, 32}).Draw(t, "part of a large network")
		x.thin, x.plenty, x.lenient, x.networks.part = v.thin, v.plenty, v.lenient, v.large
		kept := rapid.SampledFrom([]int64{0, 9, keptPairs}).Draw(t, "pairs kept")
		x.kept = newKept(kept)
		drawSizes(t, x)
		x.Weigh(DefaultWeights()) // a view has it all
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				clicks := rapid.SliceOfN(rapid.Custom(drawClick), 1, 12).Draw(t, "clicks")
				x.Append(clicks...)
				for _, c := range clicks {
					v.append(c)
				}
			},
			"remove": func(t *rapid.T) {
				s := SessionKey(rapid.IntRange(1, 12).Draw(t, "session"))
				if got, want := x.Remove(s), v.remove(s); got != want {
					t.Fatalf("remove %d: got %v, want %v", s, got, want)
				}
			},
			"restart": func(t *rapid.T) {
				y := NewIndex(limits)
				y.listen(v.longest)
				y.thin, y.plenty, y.lenient, y.networks.part, y.sizes, y.kept = x.thin, x.plenty, x.lenient, v.large, x.sizes, newKept(kept)
				reread(t, x, y)
				x = y
			},
			"ask": func(t *rapid.T) { sameAnswers(t, x, v, drawQuery(t)) },
			"":    func(t *rapid.T) { checkWhole(t, x, v) },
		})
	})
}

// reread lets an empty index read what another one writes.
func reread(t *rapid.T, from, into *Index) {
	var file bytes.Buffer
	if err := from.view.Load().write(&file, from.limits); err != nil {
		t.Fatal(err)
	}
	if err := into.read(&file); err != nil {
		t.Fatal(err)
	}
}

func TestRemoveLeavesNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := Limits{SessionClicks: rapid.SampledFrom([]int{0, 3}).Draw(t, "session clicks")}
		clicks := rapid.SliceOfN(rapid.Custom(drawClick), 1, 80).Draw(t, "clicks")
		gone := SessionKey(rapid.IntRange(1, 12).Draw(t, "gone"))
		x, without := NewIndex(limits), NewIndex(limits)
		drawSizes(t, x)
		at := rapid.IntRange(0, len(clicks)).Draw(t, "removed after")
		for i, c := range clicks {
			if i == at {
				x.Remove(gone)
			}
			if c.Session == gone && i >= at {
				continue
			}
			x.Append(c)
			if c.Session != gone {
				without.Append(c)
			}
		}
		x.Remove(gone)
		for range 3 {
			q := drawQuery(t)
			item := drawItem(t)
			exactly(t, x.Neighbours(q, nil), without.Neighbours(q, nil))
			exactly(t, x.Blend(q, nil), without.Blend(q, nil))
			exactly(t, x.ViewedTogether(item, 9, nil, nil), without.ViewedTogether(item, 9, nil, nil))
			exactly(t, x.BoughtTogether(item, 9, nil, nil), without.BoughtTogether(item, 9, nil, nil))
			exactly(t, x.Popular(9, nil, nil), without.Popular(9, nil, nil))
		}
	})
}

// exactly wants the same bits.
func exactly(t *rapid.T, got, want []Scored) {
	if !slices.Equal(got, want) {
		t.Fatalf("\n got %v\nwant %v", got, want)
	}
}

func TestBatchesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := drawLimits(t)
		clicks := rapid.SliceOfN(rapid.Custom(drawClick), 1, 60).Draw(t, "clicks")
		whole, cut := NewIndex(limits), NewIndex(limits)
		drawSizes(t, whole)
		drawSizes(t, cut)
		whole.Append(clicks...)
		for rest := clicks; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "batch")
			cut.Append(rest[:n]...)
			rest = rest[n:]
		}
		q := drawQuery(t)
		exactly(t, whole.Neighbours(q, nil), cut.Neighbours(q, nil))
		exactly(t, whole.Blend(q, nil), cut.Blend(q, nil))
		exactly(t, whole.Popular(9, nil, nil), cut.Popular(9, nil, nil))
	})
}
