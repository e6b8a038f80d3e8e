package recommend

import "testing"

// A shop imports old history; its first live click does not end it.
func TestTheDefaultWindowKeepsOldHistory(t *testing.T) {
	const year = 365 * 24 * 3600 * 1000
	x := NewIndex(DefaultLimits())
	x.Append(Click{Session: 1, Item: "tea", Action: Viewed, At: 1}, Click{Session: 1, Item: "pot", Action: Viewed, At: 2}, Click{Session: 2, Item: "hat", Action: Viewed, At: 4 * year})
	if got := x.ViewedTogether("tea", 5, nil, nil); len(got) != 1 || got[0].Item != "pot" {
		t.Errorf("with tea: %v", got)
	}
}
