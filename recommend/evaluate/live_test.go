package evaluate

import (
	"fmt"
	"slices"
	"testing"

	"cartwright/recommend"
)

// crowd is a thousand shoppers of as many networks who look at tea and a pot, and among them
// every fiftieth, all of one network, who looks at tea and an ad.
func crowd() (clicks []Click) {
	for i := range 1040 {
		c := Click{Session: fmt.Sprint(i + 1), At: int64(i) * 60_000, Visitor: uint32(i + 1), Network: uint32(i + 1)}
		then := "pot"
		if i%50 == 0 {
			then, c.Network = "ad", 5000
		}
		for _, c.Item = range []string{"tea", then} {
			clicks = append(clicks, c)
		}
	}
	return clicks
}

// lists reports whether a strategy names an item after tea.
func lists(t *testing.T, strategy, item string, limits recommend.Limits, train []Click) bool {
	t.Helper()
	learned := newTraining(train)
	learned.limits = limits
	list := named(t, strategy).build(learned).Predict([]string{"tea"}, 20, nil)
	return slices.ContainsFunc(list, func(s recommend.Scored) bool { return s.Item == item })
}

// What serves shops knows whose evidence it is, where the clicks tell that, and forgets what
// the window has no room for.
func TestWhatServesShopsIsMeasuredAsItServes(t *testing.T) {
	told, none := crowd(), recommend.Limits{}
	untold := slices.Clone(told)
	for i := range untold {
		untold[i].Visitor, untold[i].Network = 0, 0
	}
	for _, strategy := range []string{"knn", "blend"} {
		if lists(t, strategy, "ad", none, told) || !lists(t, strategy, "ad", none, untold) {
			t.Errorf("%s: an ad of one network is not told from what shoppers say", strategy)
		}
		if lists(t, strategy, "ad", recommend.Limits{Sessions: 30}, untold) {
			t.Errorf("%s: an ad that no session of the window has is not forgotten", strategy)
		}
	}
}

// What was bought counts more than what was viewed.
func TestWhatServesShopsKnowsWhatWasDone(t *testing.T) {
	for done, want := range map[recommend.Action]string{recommend.Viewed: "cup", recommend.Purchased: "pot"} {
		clicks := []Click{{Session: "1", Item: "tea"}, {Session: "1", Item: "cup"}, {Session: "2", Item: "tea"}, {Session: "2", Item: "pot", Action: done}}
		list := named(t, "knn").build(newTraining(clicks)).Predict([]string{"tea"}, 20, nil)
		list = slices.DeleteFunc(list, func(s recommend.Scored) bool { return s.Item == "tea" })
		if list[0].Item != want {
			t.Errorf("after action %d the first is %s, want %s", done, list[0].Item, want)
		}
	}
}
