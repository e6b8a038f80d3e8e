package api

import (
	"errors"
	"net/http"
	"strings"

	"cartwright/sessions/wire"
)

// presented returns the key that a request shows beside its body, or "": the
// user of Basic, or Bearer; X-Write-Key; writeKey of the query. A secret key in
// a query is refused, because addresses are written into logs.
func presented(r *http.Request) (string, error) {
	if user, _, ok := r.BasicAuth(); ok && user != "" {
		return user, nil
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		if token = strings.TrimSpace(token); token != "" {
			return token, nil
		}
	}
	if key := r.Header.Get("X-Write-Key"); key != "" {
		return key, nil
	}
	if !strings.Contains(r.URL.RawQuery, "writeKey") {
		return "", nil // the usual case, without parsing
	}
	return r.URL.Query().Get("writeKey"), nil
}

// inQuery reports whether a request shows a key in its query.
func inQuery(r *http.Request, value string) bool {
	return strings.Contains(r.URL.RawQuery, "=") && r.URL.Query().Get("writeKey") == value
}

// admitShown admits the key that a call shows beside its body, where its route wants
// one there.
func (s *Server) admitShown(c *call, r route) error {
	if r.scope == anyone {
		return nil
	}
	value, err := presented(c.Request)
	if err != nil || value == "" && r.keyInBody {
		return err
	}
	return s.admit(c, value, r.scope)
}

// admit finds the key of a value and says whether it may do what needs a scope.
func (s *Server) admit(c *call, value string, scope Scope) error {
	if value == "" {
		return errKeyMissing
	}
	key, err := s.find(c, value)
	switch {
	case err != nil:
		return err
	case key.Scope == Secret && inQuery(c.Request, value):
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
