package recommend

import "testing"

// TestPairingsAreKeptUntilASessionOfTheirsChanges counts what is kept between asking
// and clicks, of which the first belongs to another session.
func TestPairingsAreKeptUntilASessionOfTheirsChanges(t *testing.T) {
	x := NewIndex(Limits{})
	for s := range SessionKey(pairingSessions) {
		x.Append(Click{Session: 1 + s, Item: "mug", At: 1}, Click{Session: 1 + s, Item: "jug", At: 2})
	}
	for _, step := range []struct {
		what   string
		change func()
		good   int
	}{
		{"before anybody asked", func() {}, 0},
		{"asked of both", func() { x.ViewedTogether("mug", 9, nil, nil); x.ViewedTogether("jug", 9, nil, nil) }, 2},
		{"asked again", func() { x.ViewedTogether("mug", 9, nil, nil) }, 2},
		{"a click elsewhere", func() { x.Append(Click{Session: 99, Item: "pan", At: 3}) }, 2},
		{"another session with one of them", func() { x.Append(Click{Session: 98, Item: "jug", At: 3}) }, 1},
		{"a session with both leaves", func() { x.Remove(1) }, 0},
	} {
		step.change()
		v, good := x.view.Load(), 0
		for _, item := range []string{"mug", "jug"} {
			id, _ := v.items.find(item)
			if p := v.kept.of(id).seen.Load(); p != nil && p.changed == v.items.of(id).changed {
				good++
			}
		}
		if good != step.good || v.kept.entries.Load() > 2 {
			t.Errorf("%s: %d pairings are good, want %d; %d pairs are kept", step.what, good, step.good, v.kept.entries.Load())
		}
	}
}
