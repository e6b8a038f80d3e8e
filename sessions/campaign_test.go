package sessions

import "testing"

// Key tells campaigns apart: it differs exactly where a field does, but for the
// case of utm values.
func TestCampaignKeys(t *testing.T) {
	base := Campaign{Source: "a", Medium: "b", ClickID: "c"}
	same := Campaign{Source: "A", Medium: "B", ClickID: "c"}
	if base.Key() != same.Key() {
		t.Errorf("%q is not %q", base.Key(), same.Key())
	}
	for _, other := range []Campaign{
		{}, {Source: "a"}, {Source: "a", Medium: "b"}, {Source: "b", Medium: "a", ClickID: "c"},
		{Source: "a", Medium: "b", ClickID: "C"},
		{Source: "a&utm_medium=b", ClickID: "c"},
	} {
		if base.Key() == other.Key() {
			t.Errorf("%+v has the key of %+v", other, base)
		}
	}
}
