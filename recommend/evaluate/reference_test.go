package evaluate

import (
	"math"
	"slices"
	"testing"

	"cartwright/recommend"
)

// measured evaluates one strategy.
func measured(t *testing.T, e *Evaluation, s Strategy) Measures {
	t.Helper()
	m, err := e.Measure(t.Context(), s, func() {})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d predictions, HR@20 %.4f, MRR@20 %.4f, coverage %.4f, popularity %.4f; %.0f µs, %d bytes, %.0f ms",
		s.Name, m.Predictions, m.HR20, m.MRR20, m.Coverage20, m.Popularity20, m.Mean, m.IndexBytes, m.BuildMillis)
	return m
}

// evaluation prepares one.
func evaluation(t *testing.T, train, test []Click, o Options) *Evaluation {
	t.Helper()
	e, err := New(train, test, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// near fails unless the figures are those wanted.
func near(t *testing.T, m Measures, predictions int, hr, mrr, close float64) {
	t.Helper()
	if m.Predictions != predictions || math.Abs(m.HR20-hr) > close || math.Abs(m.MRR20-mrr) > close {
		t.Errorf("%s: %d predictions, HR@20 %.4f and MRR@20 %.4f; want %d, %.4f and %.4f within %.3f",
			m.Strategy, m.Predictions, m.HR20, m.MRR20, predictions, hr, mrr, close)
	}
}

// named returns a strategy.
func named(t *testing.T, name string) Strategy {
	t.Helper()
	for _, s := range Strategies() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no strategy %s", name)
	return Strategy{}
}

// with is a strategy of other settings.
func with(name string, n neighbourhood) Strategy { return Strategy{Name: name, build: n.build} }

// vstanR is the other published setting of VSTAN.
func vstanR() neighbourhood {
	n := vstan()
	n.k, n.m, n.age, n.distance, n.rarity = 1000, 2500, 100, .4525, 1
	n.weight, n.likeness = fading(3.62), byItems
	n.step = func(steps int) float64 { return math.Exp(float64(1-steps) / 3.62) }
	return n
}

// vsknnLinear is the published setting of VSKNN for sessions like bol.com's.
func vsknnLinear() neighbourhood {
	n := vsknn()
	n.k, n.m, n.rarity = 1500, 2500, 0
	n.weight = func(int, int) float64 { return 1 }
	n.step = func(steps int) float64 { return 1 - .1*float64(steps) }
	return n
}

// The figures are those of session-rec's own code on these files. Equal
// similarities are broken arbitrarily there, hence the tolerance.
func TestReferencesReachTheirFiguresOnYooChoose(t *testing.T) {
	train, test := rsc15(t)
	e := evaluation(t, train, test, Options{})
	near(t, measured(t, e, named(t, "ar")), 10152, .6335, .3265, .001)
	near(t, measured(t, e, named(t, "sr")), 10152, .6189, .3524, .001)
	near(t, measured(t, e, named(t, "vsknn")), 10152, .6880, .3668, .001)
	near(t, measured(t, e, named(t, "vstan")), 10152, .6918, .3699, .005)
	near(t, measured(t, e, with("vstan-r", vstanR())), 10152, .6787, .3575, .005)
}

func TestReferencesReachTheirFiguresWithoutTheCurrentItem(t *testing.T) {
	train, test := rsc15(t)
	e := evaluation(t, train, test, Options{Protocol: Serenade})
	near(t, measured(t, e, named(t, "vsknn")), 10152, .4333, .1894, .001)
	near(t, measured(t, e, named(t, "vstan")), 10152, .4370, .1917, .005)
}

// With weights that are all the same many scores are equal, and the figures hang
// on the order of equals: those of session-rec must lie between the worst and the
// best.
func TestReferencesReachTheirFiguresOnBol(t *testing.T) {
	train, test := bol(t)
	e := evaluation(t, train, test, Options{})
	near(t, measured(t, e, named(t, "vstan")), 931, .6724, .2468, .005)
	near(t, measured(t, e, with("vstan-r", vstanR())), 931, .6584, .2704, .005)
	near(t, measured(t, e, with("vsknn", vsknnLinear())), 931, .6649, .2619, .01)
	worstHR, worstMRR := withEquals(e, vsknnLinear(), last)
	bestHR, bestMRR := withEquals(e, vsknnLinear(), first)
	t.Logf("vsknn: HR@20 %.4f to %.4f, MRR@20 %.4f to %.4f", worstHR, bestHR, worstMRR, bestMRR)
	if .6649 < worstHR || .6649 > bestHR || .2619 < worstMRR || .2619 > bestMRR {
		t.Error("the figures of the reference are out of reach")
	}
}

// first and last are where an item stands among those of its score.
func first(list []recommend.Scored, score float64) int {
	return slices.IndexFunc(list, func(s recommend.Scored) bool { return same(s.Score, score) }) + 1
}

func last(list []recommend.Scored, score float64) int {
	rank := first(list, score)
	for rank < len(list) && same(list[rank].Score, score) {
		rank++
	}
	return rank
}

// same tells whether two scores would be equal if they had been summed in one order.
func same(a, b float64) bool { return math.Abs(a-b) < 1e-9*math.Abs(a) }

// withEquals returns the hit rate and mean reciprocal rank when the next item
// stands at a given rank among those of its score.
func withEquals(e *Evaluation, n neighbourhood, rank func([]recommend.Scored, float64) int) (hr, mrr float64) {
	predictor := n.build(e.training)
	for _, items := range e.tests {
		for i := 1; i < len(items); i++ {
			list := predictor.Predict(items[:i], len(e.training.counts), nil)
			at := slices.IndexFunc(list, func(s recommend.Scored) bool { return s.Item == items[i] })
			if at < 0 {
				continue
			}
			if r := rank(list, list[at].Score); r <= 20 {
				hr++
				mrr += 1 / float64(r)
			}
		}
	}
	return hr / float64(e.steps), mrr / float64(e.steps)
}
