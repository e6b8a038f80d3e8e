package api

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// Storefront is where the shop's pages are: where shoppers are sent who follow a
// link, and nowhere else, and whose scripts may read what they left in the cart.
// The zero value is a shop that has said nothing of it.
type Storefront struct {
	page    *url.URL // nil: none
	origins []string // scheme://host[:port] as browsers write it
}

// NewStorefront returns the storefront of a page, on which carts are restored, and
// the shop's origins. The page may be empty: then it is the root of the first
// origin. The error names each that is none, and a page at another origin.
func NewStorefront(page string, origins []string) (Storefront, error) {
	var f Storefront
	var wrong []error
	for _, text := range origins {
		u, err := url.Parse(text)
		if err != nil || originOf(u) == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			wrong = append(wrong, fmt.Errorf("%q is no origin, such as https://shop.example", text))
			continue
		}
		f.origins = append(f.origins, originOf(u))
	}
	if page == "" && len(f.origins) > 0 {
		page = f.origins[0] + "/"
	}
	if page == "" || len(wrong) > 0 {
		return f, errors.Join(wrong...)
	}
	u, err := url.Parse(page)
	switch {
	case err != nil || originOf(u) == "":
		return f, fmt.Errorf("%q is no address of a page, such as https://shop.example/cart", page)
	case !slices.Contains(f.origins, originOf(u)):
		return f, fmt.Errorf("%s is at none of the shop's origins: add %s to shop-origins", page, originOf(u))
	}
	f.page = u
	return f, nil
}

// originOf returns the origin of an address as browsers write it, empty if it has
// none or names a user.
func originOf(u *url.URL) string {
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if scheme != "http" && scheme != "https" || host == "" || u.User != nil || u.Opaque != "" || strings.ContainsFunc(host, isStrange) {
		return ""
	}
	if scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		port = ""
	}
	switch {
	case port != "":
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"): // of IPv6
		host = "[" + host + "]"
	}
	return scheme + "://" + host
}

// isStrange reports whether a character stands in no name of a host: a wildcard,
// say, or letters that browsers write in another way.
func isStrange(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == ':' || r == '_')
}

// has reports whether a page of an origin, as browsers send it, is the shop's.
func (f Storefront) has(origin string) bool {
	return origin != "" && slices.Contains(f.origins, origin)
}

// longestDestination is more than any page of a shop has.
const longestDestination = 2000

// landing returns the page to which a shopper is sent who asks for one, the shop's
// own when none is asked for, and false if that is no page of the shop. Whatever
// is asked for, the address is put together from one of the configured origins
// and a path that begins with a slash, so that it leads nowhere else, however
// browsers and this program may differ in reading what was asked for.
func (f Storefront) landing(wanted string) (*url.URL, bool) {
	if wanted == "" {
		return f.page, true
	}
	if f.page == nil || len(wanted) > longestDestination || strings.ContainsFunc(wanted, isUnwritten) {
		return nil, false
	}
	u, err := url.Parse(wanted)
	if err != nil || u.User != nil || u.Opaque != "" {
		return nil, false
	}
	base := f.page
	if !strings.HasPrefix(wanted, "/") || strings.HasPrefix(wanted, "//") {
		// An address in full, with both slashes: browsers forgive one that is missing.
		if !strings.HasPrefix(strings.ToLower(wanted), strings.ToLower(u.Scheme)+"://") || !f.has(originOf(u)) {
			return nil, false
		}
		base = u
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if !leadsInside(u.Path) {
		return nil, false
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, false
	}
	landing, err := url.Parse(originOf(base) + path)
	if err != nil {
		return nil, false
	}
	landing.RawQuery, landing.Fragment, landing.RawFragment = query.Encode(), u.Fragment, u.RawFragment
	return landing, true
}

// isUnwritten reports whether a character stands in no address as it is written:
// browsers leave out some of them, and take a backslash for a slash.
func isUnwritten(r rune) bool { return r <= ' ' || r == '\\' || r > '~' }

// leadsInside reports whether a path, its escapes undone, is one of a page. What
// other programs on the way could take for the beginning of another host, or of
// another header, is none.
func leadsInside(path string) bool {
	if path == "" {
		return true
	}
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsFunc(path, func(r rune) bool {
		return r < ' ' || r == '\\' || r == 0x7f
	})
}

// restoring is the parameter under which a shop's page gets the token of the cart
// that it is to restore.
const restoring = "cartwright_restore"

// withToken returns the address of a landing page that restores the cart of a token.
func withToken(landing *url.URL, token string) *url.URL {
	u := *landing
	query := u.Query()
	query.Set(restoring, token) // in the place of any other
	u.RawQuery = query.Encode()
	return &u
}

// allowShop lets pages of the shop's own origins read the answer, and no others.
func (s *Server) allowShop(c *gin.Context) {
	h := c.Writer.Header()
	h.Add("Vary", "Origin")
	origin := c.Request.Header.Get("Origin")
	if !s.Storefront.has(origin) {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "Retry-After")
}

// shopPreflight answers what a browser asks before a page of the shop calls a path.
func (s *Server) shopPreflight(methods string) gin.HandlerFunc {
	allow := preflight(methods)
	return func(c *gin.Context) {
		if !s.Storefront.has(c.Request.Header.Get("Origin")) {
			c.Status(http.StatusNoContent) // which allows nothing
			return
		}
		allow(c)
	}
}
