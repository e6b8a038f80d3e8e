package api_test

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cartwright/api"
)

func TestNewStorefront(t *testing.T) {
	for _, c := range []struct {
		page, origins string
		fails         string
	}{
		{"", "", ""},
		{"https://shop.example/cart", "https://shop.example", ""},
		{"https://SHOP.example:443/cart", "https://shop.example/", ""},
		{"http://127.0.0.1:3000/cart", "http://127.0.0.1:3000", ""},
		{"http://[::1]:3000/cart", "http://[::1]:3000", ""},
		{"https://[::1]/cart", "https://[::1]:443", ""},
		{"", "https://shop.example", ""},
		{"https://shop.example/cart", "", "add https://shop.example to shop-origins"},
		{"https://www.shop.example/cart", "https://shop.example", "add https://www.shop.example to shop-origins"},
		{"http://shop.example/cart", "https://shop.example", "add http://shop.example to shop-origins"},
		{"/cart", "https://shop.example", "no address of a page"},
		{"javascript:alert(1)", "https://shop.example", "no address of a page"},
		{"https://ann@shop.example/cart", "https://shop.example", "no address of a page"},
		{"", "shop.example", "no origin"},
		{"", "https://", "no origin"},
		{"", "https://*.shop.example", "no origin"},
		{"", "*", "no origin"},
		{"", "null", "no origin"},
		{"", "https://shop.example/cart", "no origin"},
		{"", "https://shop.example?x", "no origin"},
		{"", "https://shop.example#x", "no origin"},
		{"", "https://ann@shop.example", "no origin"},
		{"", "ftp://shop.example", "no origin"},
		{"", "https://bücher.example", "no origin"}, // browsers write xn--bcher-kva.example
		{"", "https://a.example,https://b.example/x,https://c.example/y", "no origin"},
	} {
		_, err := api.NewStorefront(c.page, strings.FieldsFunc(c.origins, func(r rune) bool { return r == ',' }))
		if got := ""; err != nil {
			got = err.Error()
			if c.fails == "" || !strings.Contains(got, c.fails) {
				t.Errorf("%q at %q: %v", c.page, c.origins, err)
			}
			if strings.Contains(c.origins, "y") && strings.Count(got, "no origin") != 2 {
				t.Errorf("not all are named: %v", err)
			}
		} else if c.fails != "" {
			t.Errorf("%q at %q is taken", c.page, c.origins)
		}
	}
}

// Whatever a link is asked to lead to, it leads to a page of the shop or is refused.
func TestLinksLeadToTheShopAlone(t *testing.T) {
	s := sqliteShop(t)
	token := s.mailed(t)
	hostile := 0
	for _, d := range destinations {
		a := s.do(request{method: "GET", path: "/r/" + token + "?to=" + url.QueryEscape(d.to), headers: []string{browserAgent}})
		location := a.Header().Get("Location")
		if d.leads == refused {
			hostile++
			if a.wants(t, 400, "invalid_parameter"); location != "" {
				t.Errorf("%q leads to %s", d.to, location)
			}
			continue
		}
		a.wants(t, 302, "")
		if !atShop(location) {
			t.Errorf("%q leads out of the shop, to %s", d.to, location)
		}
		u, err := url.Parse(location)
		must(t, err)
		query := u.Query()
		if got := query["cartwright_restore"]; len(got) != 1 || got[0] != token {
			t.Errorf("%q leads to the tokens %q", d.to, got)
		}
		query.Del("cartwright_restore")
		u.RawQuery = query.Encode()
		if got := u.String(); got != d.leads {
			t.Errorf("%q leads to %s, want %s", d.to, got, d.leads)
		}
	}
	if hostile < 100 {
		t.Errorf("only %d are hostile", hostile)
	}
}

// atShop reports whether an address begins with one of the shop's origins and a slash,
// which every browser reads in the same way.
func atShop(location string) bool {
	return strings.HasPrefix(location, "https://shop.example/") || strings.HasPrefix(location, "https://m.shop.example:8443/")
}

// landsInside fails unless a destination leads to the shop or is refused.
func landsInside(t interface{ Errorf(string, ...any) }, front api.Storefront, to string) {
	landing, inside := front.Landing(to)
	if !inside {
		return
	}
	if !atShop(landing) || strings.ContainsFunc(landing, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		t.Errorf("%q leads to %q", to, landing)
	}
	if again, inside := front.Landing(landing); !inside || again != landing {
		t.Errorf("%q leads to %q, and that to %q", to, landing, again)
	}
}

// Destinations put together from what such attacks are made of.
func TestLandingsStayAtTheShop(t *testing.T) {
	front := storefront(t)
	parts := []string{
		"/", "//", "\\", "%2f", "%5c", "%00", "%0d%0a", "%2e", ".", "..", ":", "@", "?", "#", ";", "&", "=", "[", "]", "%", " ", "\t", "\n", "https", "http", "javascript",
		"https://", "https:/", "shop.example", "https://shop.example", "m.shop.example:8443", "evil.example", ":443", ":8443", "cart", "x", "é", "／", "\u200b", "cartwright_restore=x",
	}
	rapid.Check(t, func(r *rapid.T) {
		landsInside(r, front, strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 8).Draw(r, "parts"), ""))
	})
}

func FuzzLanding(f *testing.F) {
	for _, d := range destinations {
		f.Add(d.to)
	}
	front := storefront(f)
	f.Fuzz(func(t *testing.T, to string) { landsInside(t, front, to) })
}
