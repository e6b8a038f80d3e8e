package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"cartwright/recommend"
)

// rows makes clicks of lines such as “7: a b a”, a minute apart, each session an
// hour after the one before.
func rows(lines ...string) (clicks []Click) {
	for i, line := range lines {
		id, items, _ := strings.Cut(line, ": ")
		for j, item := range strings.Fields(items) {
			clicks = append(clicks, Click{Session: id, Item: item, At: int64(i*60+j) * 60_000})
		}
	}
	return clicks
}

// always recommends the same and remembers what it was asked.
type always struct {
	list  string
	asked *[]string
}

func (a always) Predict(prefix []string, n int, dst []recommend.Scored) []recommend.Scored {
	*a.asked = append(*a.asked, fmt.Sprintf("%s %d", strings.Join(prefix, ""), n))
	for i, item := range strings.Fields(a.list) {
		dst = append(dst, recommend.Scored{Item: item, Score: float64(100 - i)})
	}
	return dst
}

// strategy is an always as one.
func (a always) strategy() Strategy {
	return Strategy{Name: "always", build: func(*training) Predictor { return a }}
}

// What is predicted, and after what, by both protocols.
func TestProtocols(t *testing.T) {
	train := rows("1: a b c d", "2: a b")
	test := rows("3: a x b b c", "4: x a", "5: d a")
	for _, c := range []struct {
		options Options
		asked   string
		hits    float64 // of predictions whose next item is among a and b
	}{
		{Options{}, "a 20, ab 20, abb 20, d 20", 3. / 4},
		{Options{Protocol: Serenade}, "a 21, ab 21, abb 21, d 21", 2. / 4},
		{Options{MinPrefix: 2}, "ab 20, abb 20", 1. / 2},
		{Options{MinPrefix: 3, Protocol: Serenade}, "abb 21", 0},
	} {
		var asked []string
		m := measured(t, evaluation(t, train, test, c.options), always{"a b", &asked}.strategy())
		if got := strings.Join(asked, ", "); got != c.asked || m.Predictions != len(asked) || m.HR20 != c.hits {
			t.Errorf("%+v: asked %s and hit %.2f of %d; want %s and %.2f", c.options, got, m.HR20, m.Predictions, c.asked, c.hits)
		}
	}
}

// Two predictions, by hand: the next items stand at the ranks 2 and 11.
func TestMeasures(t *testing.T) {
	train := rows("1: a b c d e f g h i j k l", "2: a b", "3: a m")
	var asked []string
	m := measured(t, evaluation(t, train, rows("4: c b k"), Options{}), always{"a b c d e f g h i j k", &asked}.strategy())
	// a has three clicks, b two, the other nine of the list one.
	popularity := (3. + 2 + 9) / 11 / 3
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"HR@5", m.HR5, .5}, {"HR@10", m.HR10, .5}, {"HR@20", m.HR20, 1},
		{"MRR@20", m.MRR20, (1./2 + 1./11) / 2}, {"NDCG@20", m.NDCG20, (1/math.Log2(3) + 1/math.Log2(12)) / 2},
		{"precision@20", m.Precision20, .05}, {"recall@20", m.Recall20, 1},
		{"coverage@20", m.Coverage20, 11. / 13}, {"popularity@20", m.Popularity20, popularity},
	} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
	if m.P50 > m.P90 || m.P90 > m.P99 || m.Mean <= 0 {
		t.Errorf("times are mean %v, p50 %v, p90 %v, p99 %v", m.Mean, m.P50, m.P90, m.P99)
	}
}

// What stands beyond 20 counts for nothing, and without the current item the list
// is filled up again.
func TestListsHaveTwentyItems(t *testing.T) {
	long := "a b c d e f g h i j k l m n o p q r s t u"
	train := rows("1: " + long)
	for protocol, hits := range map[Protocol]float64{Next: 0, Serenade: 1} {
		var asked []string
		m := measured(t, evaluation(t, train, rows("2: a u"), Options{Protocol: protocol}), always{long, &asked}.strategy())
		if m.HR20 != hits || m.Coverage20 != 20./21 {
			t.Errorf("%s: HR@20 %v and coverage %v, want %v and %v", protocol, m.HR20, m.Coverage20, hits, 20./21)
		}
	}
}

func TestNothingToEvaluate(t *testing.T) {
	some := rows("1: a b")
	for name, parts := range map[string][2][]Click{
		"no training": {nil, some}, "no test": {some, nil}, "nothing in common": {some, rows("2: x y")}, "one item": {some, rows("2: a x")},
	} {
		if _, err := New(parts[0], parts[1], Options{}); !errors.Is(err, ErrNothing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(some, some, Options{MinPrefix: 2}); !errors.Is(err, ErrNothing) {
		t.Errorf("too short for the prefix: %v", err)
	}
}

func TestMeasuringEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e := evaluation(t, rows("1: a b c"), rows("2: a b c"), Options{})
	if _, err := e.Measure(ctx, named(t, "ar"), cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// Sessions are ordered as numbers, their clicks by time, equal times as they came.
func TestSessionsAreSorted(t *testing.T) {
	var got []string
	click := func(session, item string, at int64) Click { return Click{Session: session, Item: item, At: at} }
	for _, s := range bySession([]Click{
		click("b", "z", 1), click("10", "p", 5), click("9", "c", 9), click("9", "a", 3), click("9", "b", 9), click("10", "q", 5), click("a", "y", 1),
	}) {
		got = append(got, strings.Join(s.items, ""))
	}
	if want := []string{"acb", "pq", "y", "z"}; !slices.Equal(got, want) {
		t.Errorf("sessions are %q, want %q", got, want)
	}
}

// Every strategy answers a small shop sensibly: what always follows comes first,
// as many as asked for at most, none twice, whatever order the rows had.
func TestStrategiesAnswer(t *testing.T) {
	train := rows("1: tea pot cup", "2: tea pot", "3: mug tea pot", "4: saw", "5: saw axe", "6: pot cup")
	shuffled := slices.Clone(train)
	slices.Reverse(shuffled)
	for _, s := range Strategies() {
		predictor, again := s.build(newTraining(train)), s.build(newTraining(shuffled))
		for _, prefix := range [][]string{{"mug", "tea"}, {"saw"}, {"unheard", "tea"}, {"tea", "tea"}} {
			list := predictor.Predict(prefix, 4, nil)
			if len(list) == 0 || len(list) > 4 {
				t.Fatalf("%s after %v: %v", s.Name, prefix, list)
			}
			wanted := map[string]string{"tea": "pot", "saw": "axe"}[prefix[len(prefix)-1]]
			if !slices.ContainsFunc(list, func(i recommend.Scored) bool { return i.Item == wanted }) {
				t.Errorf("%s after %v: %v lacks %s", s.Name, prefix, list, wanted)
			}
			seen := map[string]bool{}
			for _, item := range list {
				if seen[item.Item] {
					t.Errorf("%s after %v: %s twice", s.Name, prefix, item.Item)
				}
				seen[item.Item] = true
			}
			if other := again.Predict(prefix, 4, nil); !slices.Equal(list, other) {
				t.Errorf("%s after %v: %v, and of rows in another order %v", s.Name, prefix, list, other)
			}
			if kept := predictor.Predict(prefix, 4, []recommend.Scored{{Item: "kept"}}); kept[0].Item != "kept" || !slices.Equal(kept[1:], list) {
				t.Errorf("%s after %v: appended %v", s.Name, prefix, kept)
			}
		}
	}
}
