package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net/http"

	"cartwright/sessions"
)

//go:embed unsubscribe.html
var unsubscribeTemplate string

// unsubscribeStyle is the look of the pages, allowed by its hash and nothing beside it.
const unsubscribeStyle = `
body{margin:0;font:17px/1.5 system-ui,sans-serif;background:#f4f4f2;color:#222}
main{box-sizing:border-box;max-width:30rem;margin:12vh auto 0;padding:2rem 1.5rem;background:#fff;border-radius:10px}
.shop{margin:0;color:#666}
h1{margin:.2rem 0 .6rem;font-size:1.5rem;line-height:1.25}
button{width:100%;margin-top:.6rem;padding:.9rem;font:inherit;font-weight:600;color:#fff;background:#1f4fd8;border:0;border-radius:8px;cursor:pointer}
button:focus-visible{outline:3px solid #8fb0ff;outline-offset:2px}
@media (max-width:34rem){main{margin-top:0;border-radius:0;min-height:100vh}}
@media (prefers-color-scheme:dark){body{background:#141414;color:#eee}main{background:#1f1f1f}.shop{color:#aaa}}
`

// unsubscribePages are what a link in a mail leads to, written once: they hold nothing
// of whoever opens them, and post back to where they are.
type unsubscribePages struct {
	ask, done, unknown []byte
	policy             string
}

// newUnsubscribePages writes the pages of a shop, which may have no name.
func newUnsubscribePages(shop string) (p unsubscribePages, err error) {
	page, err := template.New("unsubscribe").Parse(unsubscribeTemplate)
	if err != nil {
		return p, fmt.Errorf("unsubscribe pages: %w", err)
	}
	for _, one := range []struct {
		into        *[]byte
		title, text string
		asks        bool
	}{
		{&p.ask, "Unsubscribe from reminders", "You will get no more mails about what you left in your cart. Mails about orders you placed are not affected.", true},
		{&p.done, "You are unsubscribed", "You will get no more mails about what you left in your cart. You can close this page.", false},
		{&p.unknown, "This link does not work", "It is not complete. Open the link in the mail once more, or copy all of it.", false},
	} {
		var out bytes.Buffer
		err := page.Execute(&out, map[string]any{
			"Shop": shop, "Title": one.title, "Text": one.text, "Asks": one.asks, "Style": template.CSS(unsubscribeStyle),
		})
		if err != nil {
			return p, fmt.Errorf("unsubscribe pages: %w", err)
		}
		*one.into = out.Bytes()
	}
	hash := sha256.Sum256([]byte(unsubscribeStyle))
	p.policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	return p, nil
}

// askUnsubscribe answers GET /u/{token}: a page with a button. It changes nothing,
// because mail programs and virus scanners open links before people do.
func (s *Server) askUnsubscribe(c *call) error {
	if err := s.Preferences.CheckToken(c.Param("token")); err != nil {
		s.showUnsubscribe(c, http.StatusNotFound, s.unsubscribes.unknown)
		return nil
	}
	s.showUnsubscribe(c, http.StatusOK, s.unsubscribes.ask)
	return nil
}

// unsubscribe answers POST /u/{token}: from the button, or from a mail program by one
// click (RFC 8058). Whatever stands in the body, the token says it all; once more
// changes nothing.
func (s *Server) unsubscribe(c *call) error {
	err := s.Preferences.Unsubscribe(c.Request.Context(), c.Param("token"), c.received())
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		s.showUnsubscribe(c, http.StatusNotFound, s.unsubscribes.unknown)
		return nil
	case err != nil:
		return err
	}
	s.showUnsubscribe(c, http.StatusOK, s.unsubscribes.done)
	return nil
}

func (s *Server) showUnsubscribe(c *call, status int, page []byte) {
	c.Header("Content-Security-Policy", s.unsubscribes.policy)
	c.Header("Referrer-Policy", "no-referrer") // the address of the page is the token
	c.Header("X-Robots-Tag", "noindex")
	c.Data(status, "text/html; charset=utf-8", page)
}
