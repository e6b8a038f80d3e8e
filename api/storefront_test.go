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

// refused is what a destination leads to that is none.
const refused = ""

// destinations are what a link may be asked to lead to, and where it does. The token
// is left out.
var destinations = []struct{ to, leads string }{
	// The shop's pages.
	{"/", "https://shop.example/"},
	{"/sale", "https://shop.example/sale"},
	{"/sale?utm_source=mail&a=%20b", "https://shop.example/sale?a=+b&utm_source=mail"},
	{"/sale#top", "https://shop.example/sale#top"},
	{"/caf%C3%A9/x%2Fy", "https://shop.example/caf%C3%A9/x%2Fy"},
	{"/a:b@c", "https://shop.example/a:b@c"},
	{"/https://evil.example", "https://shop.example/https://evil.example"},
	{"/@evil.example", "https://shop.example/@evil.example"},
	{"/.evil.example", "https://shop.example/.evil.example"},
	{"/:80", "https://shop.example/:80"},
	{"/?url=//evil.example", "https://shop.example/?url=%2F%2Fevil.example"},
	{"/#//evil.example", "https://shop.example/#//evil.example"},
	{"/..", "https://shop.example/.."},
	{"/../..//evil.example", "https://shop.example/../..//evil.example"},
	{"/%2e%2e/evil", "https://shop.example/%2e%2e/evil"},
	{"/?cartwright_restore=stolen", "https://shop.example/"},
	{"https://shop.example", "https://shop.example/"},
	{"https://shop.example/sale", "https://shop.example/sale"},
	{"https://shop.example:443/sale", "https://shop.example/sale"},
	{"HTTPS://Shop.Example/Sale", "https://shop.example/Sale"},
	{"https://shop.example?x=1", "https://shop.example/?x=1"},
	{"https://shop.example#x", "https://shop.example/#x"},
	{"https://m.shop.example:8443/cart", "https://m.shop.example:8443/cart"},

	// Another host.
	{"//evil.example", refused},
	{"//evil.example/%2e%2e", refused},
	{"///evil.example", refused},
	{"////evil.example", refused},
	{"https://evil.example", refused},
	{"https://evil.example/", refused},
	{"http://evil.example", refused},
	{"https:evil.example", refused},
	{"https:/evil.example", refused},
	{"https:///evil.example", refused},
	{"https:////evil.example", refused},
	{"https:shop.example", refused},
	{"https:/shop.example", refused},
	{"://evil.example", refused},
	{":evil.example", refused},
	{"evil.example", refused},
	{"shop.example", refused},
	{"shop.example.evil.example", refused},
	{"sale", refused},
	{"?x", refused},
	{"#x", refused},
	{".", refused},
	{"..", refused},
	{"./evil", refused},
	{"@evil.example", refused},
	{";evil.example", refused},

	// A host that looks like the shop's.
	{"https://shop.example.evil.example", refused},
	{"https://shop.example@evil.example", refused},
	{"https://shop.example:443@evil.example", refused},
	{"https://shop.example:pass@evil.example/", refused},
	{"https://evil.example@shop.example", refused},
	{"https://evil.example:pw@shop.example/", refused},
	{"https://@shop.example/", refused},
	{"https://shop.example%40evil.example", refused},
	{"https://shop.example%2Eevil.example", refused},
	{"https://shop.example%23.evil.example", refused},
	{"https://shop.example%00.evil.example", refused},
	{"https://evil.example#shop.example", refused},
	{"https://evil.example?shop.example", refused},
	{"https://evil.example/shop.example", refused},
	{"https://evil.example/https://shop.example", refused},
	{"https://evil.example;shop.example", refused},
	{"https://evil.example,shop.example", refused},
	{"https://evilshop.example", refused},
	{"https://shop.exampleevil", refused},
	{"https://shop-example", refused},
	{"https://www.shop.example", refused},
	{"https://shop.example.", refused},
	{"https://.shop.example", refused},
	{"https://shop..example", refused},
	{"https://SHOP.EXAMPLE.EVIL.EXAMPLE", refused},
	{"https://xn--shp-jua.example", refused},
	{"https://ѕhop.example", refused},
	{"https://shop。example", refused},
	{"https://shop.example／evil", refused},

	// The shop's host at another door.
	{"http://shop.example/", refused},
	{"https://shop.example:444/", refused},
	{"https://shop.example:8443/", refused},
	{"https://shop.example:80/", refused},
	{"https://shop.example:0443/", refused},
	{"https://shop.example:/evil", "https://shop.example/evil"},
	{"https://shop.example:x/", refused},
	{"https://shop.example:-1/", refused},
	{"https://m.shop.example/", refused},
	{"http://m.shop.example:8443/", refused},
	{"ftp://shop.example/", refused},
	{"file://shop.example/etc/passwd", refused},
	{"ws://shop.example/", refused},
	{"wss://shop.example/", refused},
	{"blob:https://shop.example/x", refused},
	{"view-source:https://shop.example/", refused},

	// What is no address of a page.
	{"javascript:alert(1)", refused},
	{"JaVaScRiPt:alert(1)", refused},
	{"javascript://shop.example/%0aalert(1)", refused},
	{"java\tscript:alert(1)", refused},
	{"data:text/html,<script>alert(1)</script>", refused},
	{"vbscript:msgbox(1)", refused},
	{"mailto:a@shop.example", refused},
	{"tel:+1", refused},
	{"intent://shop.example#Intent;scheme=https;end", refused},

	// Characters that browsers and proxies forgive, each in its own way.
	{`/\evil.example`, refused},
	{`\/evil.example`, refused},
	{`\\evil.example`, refused},
	{`//\evil.example`, refused},
	{`https:\\evil.example`, refused},
	{`https:/\evil.example`, refused},
	{`https://shop.example\@evil.example`, refused},
	{`https://evil.example\@shop.example`, refused},
	{`https://shop.example\.evil.example`, refused},
	{"/\t/evil.example", refused},
	{"/\n/evil.example", refused},
	{"/\r/evil.example", refused},
	{"\t//evil.example", refused},
	{" //evil.example", refused},
	{" /sale", refused},
	{"/sale ", refused},
	{"\x01//evil.example", refused},
	{"\u00a0//evil.example", refused},
	{"\u200b//evil.example", refused},
	{"\ufeff//evil.example", refused},
	{"／／evil.example", refused},
	{"/／evil.example", refused},
	{"/sale\r\nLocation: https://evil.example", refused},
	{"/sale\r\n\r\n<script>", refused},
	{"/sale\nSet-Cookie: a=b", refused},
	{"/sale%0d%0aLocation:%20https://evil.example", refused},
	{"/%0a/evil.example", refused},
	{"/%09/evil.example", refused},
	{"/%5cevil.example", refused},
	{"/%5C%5Cevil.example", refused},
	{"/%2f/evil.example", refused},
	{"/%2Fevil.example", refused},
	{"/%2f%2fevil.example", refused},
	{"%2f%2fevil.example", refused},
	{"%2Fsale", refused},
	{"/%", refused},
	{"/%zz", refused},
	{"/?%", refused},
	{"/?a;b", refused},
	{"https://shop.example//evil.example", refused},
	{"https://shop.example/%5cevil.example", refused},
	{"https://shop.example/%2fevil.example", refused},
	{"https://[shop.example]/", refused},
	{"https://[::1]/", refused},
	{"https://127.0.0.1/", refused},
	{"https://2130706433/", refused},
	{"https://0x7f000001/", refused},
	{"//shop.example/sale", refused},
	{"/" + strings.Repeat("a", 2000), refused},
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
