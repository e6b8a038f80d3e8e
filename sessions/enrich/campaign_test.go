package enrich

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCampaignOf(t *testing.T) {
	long := strings.Repeat("é", 200)
	cases := []struct {
		page string
		want Campaign
		key  string
	}{
		{"", Campaign{}, ""},
		{"https://shop.example/", Campaign{}, ""},
		{"https://shop.example/?color=red&utm_source=", Campaign{}, ""},
		{"https://shop.example/#?utm_source=a", Campaign{}, ""},
		{"/a?utm_source=News&utm_medium=email&utm_campaign=Spring+Sale&utm_term=t&utm_content=c#top",
			Campaign{Source: "News", Medium: "email", Name: "Spring Sale", Term: "t", Content: "c"},
			"utm_source=news&utm_medium=email&utm_campaign=spring+sale&utm_term=t&utm_content=c"},
		{"https://shop.example/?UTM_Source=a&utm_source=b", Campaign{Source: "a"}, "utm_source=a"},
		{"?gclid=AbC&fbclid=x", Campaign{ClickID: "AbC", ClickKind: "gclid"}, "gclid=AbC"},
		{"?wbraid=1", Campaign{ClickID: "1", ClickKind: "wbraid"}, "wbraid=1"},
		{"https://shop.example/%zz?utm_source=%zz&utm_medium=a%00b", Campaign{Source: "%zz", Medium: "ab"}, "utm_source=%25zz&utm_medium=ab"},
		{"?utm_source=%ff&msclkid=m", Campaign{ClickID: "m", ClickKind: "msclkid"}, "msclkid=m"},
		{"?utm_term=" + long, Campaign{Term: strings.Repeat("é", 127)}, "utm_term=" + strings.Repeat("%C3%A9", 127)},
	}
	for _, c := range cases {
		got := CampaignOf(c.page)
		if got != c.want || got.Key() != c.key || got.Empty() != (c.key == "") {
			t.Errorf("%s: %+v, key %q", c.page, got, got.Key())
		}
	}
}

// Key tells campaigns apart: it differs exactly where a field does, but for the
// case of utm values.
func TestCampaignKeys(t *testing.T) {
	base := Campaign{Source: "a", Medium: "b", ClickID: "c", ClickKind: "gclid"}
	same := Campaign{Source: "A", Medium: "B", ClickID: "c", ClickKind: "gclid"}
	if base.Key() != same.Key() {
		t.Errorf("%q is not %q", base.Key(), same.Key())
	}
	for _, other := range []Campaign{
		{}, {Source: "a"}, {Source: "a", Medium: "b"}, {Source: "b", Medium: "a", ClickID: "c", ClickKind: "gclid"},
		{Source: "a", Medium: "b", ClickID: "C", ClickKind: "gclid"}, {Source: "a", Medium: "b", ClickID: "c", ClickKind: "dclid"},
		{Source: "a&utm_medium=b", ClickID: "c", ClickKind: "gclid"},
	} {
		if base.Key() == other.Key() {
			t.Errorf("%+v has the key of %+v", other, base)
		}
	}
}

func FuzzCampaignOf(f *testing.F) {
	for _, seed := range []string{"", "?utm_source=a&gclid=b", "http://[::1", "?utm_source=%", "?&&==&", "://?\x00=\xff", "?utm_term=%00%ff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		c := CampaignOf(page)
		for _, value := range []string{c.Source, c.Medium, c.Name, c.Term, c.Content, c.ClickID} {
			if len(value) > maxParameter || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
				t.Errorf("unfit to be stored: %q", value)
			}
		}
		if c.Empty() != (c.Key() == "") {
			t.Errorf("%+v has the key %q", c, c.Key())
		}
		if again := CampaignOf("?" + c.Key()); again.Key() != c.Key() {
			t.Errorf("key %q reads back as %q", c.Key(), again.Key())
		}
	})
}
