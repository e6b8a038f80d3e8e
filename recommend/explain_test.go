package recommend

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cartwright/sessions"
)

// The terms of a score add up to it, also where a part of an item's supporters is not believed:
// one network has a tenth of all sessions, but most of those with the toy.
func TestScoresAreExplained(t *testing.T) {
	anonymous, crowded := NewIndex(Limits{}), NewIndex(Limits{})
	crowded.thin = 0
	shop(500, func(c Click) {
		anonymous.Append(c)
		c.Visitor, c.Network = uint32(c.Session), uint32(c.Session)
		if c.Session%10 == 0 {
			c.Network = 5000
		}
		crowded.Append(c)
		if c.Session%10 == 0 || c.Session%20 == 1 {
			c.Item = "toy"
			crowded.Append(c)
		}
	})
	if n := explainedBy(t, anonymous); n > 0 {
		t.Errorf("%d items are believed in part though nobody is known", n)
	}
	if n := explainedBy(t, crowded); n != 1 {
		t.Errorf("%d items are believed in part, want the toy", n)
	}
}

// explainedBy asks an index to explain an answer, holds its terms against its scores, and
// returns how many of the items are believed in part.
func explainedBy(t *testing.T, x *Index) (inPart int) {
	t.Helper()
	var told []string
	sums := map[string]float64{}
	q := Query{Items: []string{"p3", "p0", "p3"}, M: 500, K: 200, N: 20}
	q.Explain = func(item string, terms []Term) {
		told = append(told, item)
		for _, term := range terms {
			sums[item] += term.Value * term.Weight
		}
		if slices.ContainsFunc(terms, func(term Term) bool { return term.Feature == "believed" && term.Value < 0 }) {
			inPart++
		}
	}
	answer := x.Blend(q, nil)
	if len(answer) != 20 || len(told) != 20 {
		t.Fatalf("%d of %d items are explained", len(told), len(answer))
	}
	for i, a := range answer {
		if told[i] != a.Item || abs(sums[a.Item]-a.Score) > 1e-9 {
			t.Errorf("place %d: the terms of %s sum to %v, the score of %s is %v", i, told[i], sums[a.Item], a.Item, a.Score)
		}
	}
	return inPart
}

// Whatever found an item, its score is the sum of its terms, and nothing is said unasked.
func TestAllScoresAreExplained(t *testing.T) {
	price := int64(1200)
	s := newTale(t).sells(
		sessions.Product{ID: "tea", Name: "Green tea", Category: "Drinks", Attributes: []byte(`{"consumable":true}`)},
		sessions.Product{ID: "cup", Name: "Blue cup", Brand: "Ort", Category: "Kitchen > Cups", Price: &price},
		sessions.Product{ID: "mug", Name: "Blue mug", Brand: "Ort", Category: "Kitchen > Cups", Price: &price},
		sessions.Product{ID: "pot", Name: "Pot", Category: "Kitchen"}, sessions.Product{ID: "jar", Name: "Jar"},
	)
	for i := range 3 {
		s.views(fmt.Sprint("x", i), "cup", "pot").orders(fmt.Sprint("x", i), fmt.Sprint(i), "cup", "jar")
	}
	s.orders("me", "mine", "tea").passes(31*24*time.Hour).views("me", "cup")
	met := map[Strategy]bool{}
	for _, context := range Contexts() {
		q := Request{Context: context, Item: "cup", Anonymous: "me", Cart: []sessions.ProductID{"cup"}}
		for _, item := range s.asks(q) {
			if item.Terms != nil {
				t.Errorf("%s: unasked of %s: %v", context, item.ID, item.Terms)
			}
		}
		q.Explain = true
		for _, item := range s.asks(q) {
			met[item.Strategy] = true
			sum := 0.
			for _, term := range item.Terms {
				sum += term.Value * term.Weight
			}
			if len(item.Terms) == 0 || abs(sum-item.Score) > 1e-9 {
				t.Errorf("%s: the terms of %s by %s sum to %v, its score is %v", context, item.ID, item.Strategy, sum, item.Score)
			}
		}
	}
	for _, strategy := range []Strategy{BuyAgain, LikelyNext, BuyTogether, SimilarProducts, PopularNow} {
		if !met[strategy] {
			t.Errorf("nothing came of %s, only of %v", strategy, met)
		}
	}
}
