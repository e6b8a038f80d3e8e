package api

import (
	"errors"
	"net/http"
	"strings"

	"cartwright/sessions/wire"
)

// presented returns the key that a request shows beside its path and body, or "":
// the user of Basic, or Bearer; X-Write-Key; writeKey of the query.
func presented(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok && user != "" {
		return user
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		if token = strings.TrimSpace(token); token != "" {
			return token
		}
	}
	if key := r.Header.Get("X-Write-Key"); key != "" {
		return key
	}
	if !strings.Contains(r.URL.RawQuery, "writeKey") {
		return "" // the usual case, without parsing
	}
	return r.URL.Query().Get("writeKey")
}

// keyOf returns the key of what a sender shows as one. Jitsu's clients insist on
// two parts with a colon between, as Basic has them; the first is the key.
func keyOf(shown string) string {
	key, _, _ := strings.Cut(shown, ":")
	return key
}

// admitShown admits the key that a call shows beside its body, where its route wants
// one there.
func (s *Server) admitShown(c *call, r route) error {
	if r.scope == anyone {
		return nil
	}
	shown := presented(c.Request)
	if r.keyInPath {
		shown = c.Param("key")
	}
	if shown == "" && r.keyInBody {
		return nil
	}
	return s.admit(c, shown, r.scope)
}

// exposes reports whether a request shows a secret key in its address, where logs keep
// it: in its path the one that is used, of a value, or in its query, however the name is
// escaped, that or another. Where the query has none that takes a look at its text, or
// at its names if anything is escaped.
func (s *Server) exposes(c *call, used Key, value string) bool {
	if used.Scope == Secret && keyOf(c.Param("key")) == value {
		return true
	}
	query := c.Request.URL.RawQuery
	if !strings.Contains(query, "writeKey") && !strings.Contains(query, "%") {
		return false
	}
	shown := [...]argument{{name: "writeKey"}, {name: "writeKey"}, {name: "writeKey"}} // of more nobody knows what is meant
	read(query, shown[:])
	for _, p := range shown {
		key, other := used, keyOf(p.value)
		if other != value {
			key = s.another(c, other)
		}
		if p.given && key.Scope == Secret {
			return true
		}
	}
	return false
}

// another returns the key of a value that is shown beside the one that is used, none
// if it is wrong, which counts as a guess, or may not be tried now.
func (s *Server) another(c *call, value string) Key {
	if value == "" {
		return Key{}
	}
	key, err := s.find(c, value)
	if err != nil {
		return Key{}
	}
	return key
}

// admit finds the key that is shown and says whether it may do what needs a scope. A
// secret key in an address is refused, whichever key is used.
func (s *Server) admit(c *call, shown string, scope Scope) error {
	value := keyOf(shown)
	if value == "" {
		return errKeyMissing
	}
	key, err := s.find(c, value)
	switch {
	case err != nil:
		return err
	case s.exposes(c, key, value):
		return errSecretInQuery
	case !key.allows(scope):
		return errScope
	}
	c.key = key
	return s.keyPace.spend(key.ID, c.now, "too many requests show this key; send this one again later")
}

// find returns the key of a value. An address that showed too many wrong ones must
// wait before it may try another; keys that were seen to be right work meanwhile.
func (s *Server) find(c *call, value string) (Key, error) {
	const reason = "too many wrong keys come from this address; wait before trying another"
	guesses := s.guesses
	if !c.from.IsValid() {
		guesses = nil
	}
	if err := guesses.spent(c.from, c.now, reason); err != nil && !s.Keys.knows(value) {
		return Key{}, err
	}
	key, err := s.Keys.Find(c.Request.Context(), value, c.now)
	if !errors.Is(err, ErrUnknownKey) {
		return key, err
	}
	if err := guesses.spend(c.from, c.now, reason); err != nil {
		return Key{}, err
	}
	return Key{}, ErrUnknownKey
}

// admitBody does so with the key in a body, unless one was shown beside it.
func (s *Server) admitBody(c *call, body []byte) error {
	if c.key.ID != "" {
		return nil
	}
	return s.admit(c, wire.WriteKeyOf(body), Write)
}
