package recommend

import "testing"

// A shop imports old history; its first live click does not end it.
func TestTheDefaultWindowKeepsOldHistory(t *testing.T) {
	const year = 365 * 24 * 3600 * 1000
	x := NewIndex(DefaultLimits())
	x.Append(Click{1, "tea", Viewed, 1}, Click{1, "pot", Viewed, 2}, Click{2, "hat", Viewed, 4 * year})
	if got := x.ViewedTogether("tea", 5, nil, nil); len(got) != 1 || got[0].Item != "pot" {
		t.Errorf("with tea: %v", got)
	}
}
