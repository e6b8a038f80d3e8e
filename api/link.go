package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"cartwright/sessions"
)

// linkRoutes are those of the links in messages, which need no key: the token is
// what gives access, to one cart, and to nothing about its shopper.
func (s *Server) linkRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/r/:token", scope: anyone, handle: s.follow},
		{method: http.MethodHead, path: "/r/:token", scope: anyone, handle: s.follow},
		{method: http.MethodGet, path: "/v1/restore/:token", scope: anyone, shop: true, handle: s.restore},
	}
}

// follow answers GET /r/{token}: it sends the shopper to the page of the shop on
// which the cart is restored. The link changes nothing, may be followed as often as
// one likes, and by anybody: programs that look into links before people see them
// cannot use it up. When something of ours fails, the shopper comes to the shop all
// the same. Whether a token is good cannot be told from a destination that is
// refused, nor from the page of a shop without one.
func (s *Server) follow(c *call) error {
	wanted, err := c.text("to")
	if err != nil {
		return err
	}
	landing, inside := s.Storefront.landing(wanted)
	if !inside {
		return invalidParameter("to", "a path such as /cart, or an address at one of the shop's origins")
	}
	h := c.Writer.Header()
	h.Set("Referrer-Policy", "no-referrer") // the address holds the token
	h.Set("X-Robots-Tag", "noindex")
	ctx, cancel := context.WithTimeout(c.Request.Context(), patience) // so long a shopper waits for a page
	defer cancel()
	link, err := s.Links.Find(ctx, c.Param("token"), c.now)
	switch {
	case err == nil:
		if s.clicked(c.Request) {
			if _, err := s.Links.Click(ctx, link, c.now); err != nil {
				s.Logger.Error("a click on a link was not counted", "trigger", link.Trigger, "error", err)
			}
		}
		if landing != nil {
			landing = withToken(landing, c.Param("token"))
		}
	case errors.Is(err, sessions.ErrNotFound):
		landing = s.Storefront.page // without what was asked for: that page expects a cart
	default:
		s.Logger.Error("a link was not looked up", "error", err)
		landing = s.Storefront.page
	}
	s.send(c, landing)
	return nil
}

// send redirects to a landing page, or says that the shop has not named one.
func (s *Server) send(c *call, landing *url.URL) {
	if landing == nil {
		c.Header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(noLanding))
		return
	}
	// Not by http.Redirect, which writes the address into a body as well.
	c.Header("Location", landing.String())
	c.Status(http.StatusFound)
}

// noLanding is what shoppers see of a shop that has not said where its cart is.
const noLanding = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Your cart</title><style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:30rem;margin:20vh auto;padding:0 1rem}</style></head>
<body><h1>Your cart is in the shop</h1><p>Please go to the shop's site and open your cart there.</p></body></html>
`

// clicked reports whether a request is a person's who follows a link, as far as
// requests tell. Programs that call themselves browsers, as scanners of mail may,
// are not told apart by it; they count at most once an hour for a message. Who asks
// not to be tracked is not.
func (s *Server) clicked(r *http.Request) bool {
	h := r.Header
	for _, purpose := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if value := strings.ToLower(h.Get(purpose)); strings.Contains(value, "prefetch") || strings.Contains(value, "prerender") || strings.Contains(value, "preview") {
			return false
		}
	}
	if to := h.Get("Sec-Fetch-Dest"); to != "" && to != "document" { // a picture, a frame, a script
		return false
	}
	return r.Method == http.MethodGet && h.Get("DNT") != "1" && h.Get("Sec-GPC") != "1" && s.Person(h.Get("User-Agent"))
}

// restore answers GET /v1/restore/{token}: what the cart of a link holds, for the
// shop's page to put it before the shopper.
func (s *Server) restore(c *call) error {
	c.Header("Referrer-Policy", "no-referrer")
	restored, err := s.Links.Restore(c.Request.Context(), c.Param("token"), c.now)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, restored)
	return nil
}
