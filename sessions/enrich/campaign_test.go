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
	}{
		{"", Campaign{}},
		{"https://shop.example/", Campaign{}},
		{"https://shop.example/?color=red&utm_source=", Campaign{}},
		{"https://shop.example/#?utm_source=a", Campaign{}},
		{"/a?utm_source=News&utm_medium=email&utm_campaign=Spring+Sale&utm_term=t&utm_content=c#top",
			Campaign{Source: "News", Medium: "email", Name: "Spring Sale", Term: "t", Content: "c"}},
		{"https://shop.example/?UTM_Source=a&utm_source=b", Campaign{Source: "a"}},
		{"?gclid=AbC&fbclid=x", Campaign{ClickID: "AbC", ClickKind: "gclid"}},
		{"?wbraid=1", Campaign{ClickID: "1", ClickKind: "wbraid"}},
		{"https://shop.example/%zz?utm_source=%zz&utm_medium=a%00b", Campaign{Source: "%zz", Medium: "ab"}},
		{"?utm_source=%ff&msclkid=m", Campaign{ClickID: "m", ClickKind: "msclkid"}},
		{"?utm_term=" + long, Campaign{Term: strings.Repeat("é", 127)}},
	}
	for _, c := range cases {
		got := CampaignOf(c.page)
		if got != c.want || got.Empty() != (c.want == Campaign{}) {
			t.Errorf("%s: %+v, empty %t", c.page, got, got.Empty())
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
		if c.Empty() != (c == Campaign{}) {
			t.Errorf("%+v: empty %t", c, c.Empty())
		}
	})
}
