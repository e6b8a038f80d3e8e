package enrich

import (
	"slices"
	"strings"
	"testing"
)

func TestChannelOf(t *testing.T) {
	const page = "https://www.gifts.co.uk/p/1"
	cases := []struct{ referrer, page, want string }{
		{"", "", ""},
		{"", page, Direct},
		{"not an address", page, ""},
		{"https://gifts.co.uk/", page, ""},
		{"https://CHECKOUT.gifts.co.uk:8443/a", page, ""},
		{"https://other.co.uk/", page, Referral},
		{"https://tea.myshopify.com/", "https://mugs.myshopify.com/", Referral},
		{"http://localhost:3000/", "http://localhost:8080/", ""},
		{"http://10.0.0.1/", "http://10.0.0.2/", Referral},
		{"https://www.google.co.uk/", page, OrganicSearch},
		{"https://www.google.com/%zz", page, OrganicSearch},
		{"https://duckduckgo.com/", "", OrganicSearch},
		{"android-app://com.google.android.googlequicksearchbox/", page, OrganicSearch},
		{"android-app://com.google.android.gm", page, Email},
		{"https://mail.google.com/mail/u/0/", page, Email},
		{"https://l.facebook.com/l.php", page, OrganicSocial},
		{"https://t.co/abc", page, OrganicSocial},
		{"https://www.youtube.com/watch", page, OrganicVideo},
		{"https://www.amazon.de/", page, OrganicShopping},
		{"https://notgoogle.com/", page, Referral},
		{"https://google.com.evil.example/", page, Referral},
		{"https://www.google.com/", page + "?gclid=1", PaidSearch},
		{"", page + "?msclkid=1", PaidSearch},
		{"", page + "?dclid=1", Display},
		{"", page + "?ttclid=1", PaidSocial},
		{"https://l.facebook.com/", page + "?fbclid=1", OrganicSocial},
		{"https://l.facebook.com/", page + "?fbclid=1&utm_source=fb&utm_medium=paid", PaidSocial},
		{"", page + "?utm_source=google&utm_medium=CPC", PaidSearch},
		{"", page + "?utm_source=google.com&utm_medium=organic", OrganicSearch},
		{"", page + "?utm_source=google&utm_medium=cpc&utm_campaign=Summer-Shop", PaidShopping},
		{"", page + "?utm_source=google&utm_medium=cpc&utm_campaign=workshop", PaidSearch},
		{"", page + "?utm_source=youtube&utm_medium=cpv", PaidVideo},
		{"", page + "?utm_source=x9&utm_medium=instream-video", OrganicVideo},
		{"", page + "?utm_source=youtube&utm_medium=cpc", PaidVideo},
		{"", page + "?utm_source=adnet&utm_medium=cpm", Display},
		{"", page + "?utm_source=adnet&utm_medium=ppc", PaidOther},
		{"", page + "?utm_source=adnet&utm_medium=banner", Display},
		{"", page + "?utm_medium=cpc&utm_campaign=cross-network", CrossNetwork},
		{"", page + "?utm_source=partner&utm_medium=affiliate", Affiliate},
		{"", page + "?utm_source=cartwright&utm_medium=email", Email},
		{"", page + "?utm_source=newsletter", Email},
		{"", page + "?utm_source=sms", SMS},
		{"", page + "?utm_source=x9&utm_medium=sms", SMS},
		{"", page + "?utm_source=x9&utm_medium=audio", Audio},
		{"", page + "?utm_source=x9&utm_medium=web-push", PushNotification},
		{"", page + "?utm_source=blog&utm_medium=referral", Referral},
		{"", page + "?utm_source=instagram", OrganicSocial},
		{"", page + "?utm_source=x9&utm_medium=social", OrganicSocial},
		{"", page + "?utm_source=x9&utm_campaign=shopping-week", OrganicShopping},
		{"", page + "?utm_source=leaflet&utm_medium=print", Unassigned},
		{"https://www.bing.com/", page + "?utm_campaign=autumn", OrganicSearch},
	}
	for _, c := range cases {
		if got := ChannelOf(c.referrer, c.page); got != c.want {
			t.Errorf("from %q to %q: %q, want %q", c.referrer, c.page, got, c.want)
		}
		// A header's letters and a person's typing differ in case.
		if got := ChannelOf(strings.ToUpper(c.referrer), strings.ToUpper(c.page)); got != c.want {
			t.Errorf("from %q to %q in capitals: %q, want %q", c.referrer, c.page, got, c.want)
		}
	}
}

func channels() []string {
	return []string{"", Direct, CrossNetwork, PaidShopping, PaidSearch, PaidSocial, PaidVideo, Display, PaidOther, OrganicShopping,
		OrganicSocial, OrganicVideo, OrganicSearch, Referral, Email, Affiliate, Audio, SMS, PushNotification, Unassigned}
}

func FuzzChannelOf(f *testing.F) {
	f.Add("https://www.google.com/", "https://shop.example/?utm_medium=cpc")
	f.Add("http://[::1%25en0]:80/", "http://[")
	f.Add("//..", "://?gclid=\x00")
	f.Fuzz(func(t *testing.T, referrer, page string) {
		if got := ChannelOf(referrer, page); !slices.Contains(channels(), got) {
			t.Errorf("%q is no channel", got)
		}
		if got := hostOf(page); got != "" && ChannelOf(page, page) != "" && CampaignOf(page).Empty() {
			t.Errorf("%q is not its own site", page)
		}
	})
}

func BenchmarkChannelOf(b *testing.B) {
	for b.Loop() {
		ChannelOf("https://www.google.co.uk/", "https://www.gifts.co.uk/p/1?color=red")
	}
}

// The short way to a host and the long one must lead to the same.
func FuzzHostOf(f *testing.F) {
	for _, address := range []string{
		"https://www.example.com/a?b#c", "http://example.com./", "https://.example.com/", "https:///a", "https://a@b.example/x",
		"https://shop.example:8080/", "https://shop.example/%zz", "https://shop.example/a b\n", "https://EXAMPLE.com/", "https://[::1]/", "ftp://a.b/",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		short, ok := plainHost(address)
		if long := parsedHost(address); ok && short != long {
			t.Errorf("%q is at %q, by the short way %q", address, long, short)
		}
	})
}
