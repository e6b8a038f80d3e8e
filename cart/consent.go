package cart

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"cartwright/sessions"
)

// Teller is how far a sender is believed about people: the shop's backend and the
// history it imports, or a browser, whose key is public.
type Teller string

// The tellers.
const (
	ToldByBackend Teller = "backend"
	ToldByBrowser Teller = "browser"
)

// tellerOf returns the teller of a source.
func tellerOf(s sessions.Source) Teller {
	if trusted(s) {
		return ToldByBackend
	}
	return ToldByBrowser
}

// Statement is what somebody said of whether one address may be mailed.
type Statement struct {
	Seq    sessions.Seq `json:"seq"` // the event that said it
	Teller Teller       `json:"told_by"`
	sessions.MailConsent
}

// MarshalJSON writes the statement as it is shown, with its time as RFC 3339.
func (s Statement) MarshalJSON() ([]byte, error) {
	type plain Statement
	return json.Marshal(struct {
		plain
		At *time.Time `json:"occurred_at"`
		No *int64     `json:"at,omitempty"` // shadows the milliseconds
	}{plain: plain(s), At: instant(s.At)})
}

// over reports whether s takes the place of other: it was made later by its own
// time, or at the same time and told later.
func (s Statement) over(other Statement) bool {
	return cmp.Or(cmp.Compare(s.At, other.At), cmp.Compare(s.Seq, other.Seq)) > 0
}

// statementOf returns what e says of its address, if it says anything. Nothing is
// said of the future: one that claims to be from there would outlast all others.
func statementOf(e *sessions.Event) (Statement, bool) {
	if e.Bot || e.Mail == nil || e.Email == "" {
		return Statement{}, false
	}
	s := Statement{Seq: e.Seq, Teller: tellerOf(e.Source), MailConsent: *e.Mail}
	if s.At == 0 {
		s.At = e.Occurred
	}
	s.At = min(s.At, e.Received)
	return s, true
}

// Consent is all that counts of what was said of one address: the newest grant and
// the newest denial of the backend and of browsers, up to four statements.
type Consent []Statement

// with returns c after s, and whether s is the newest of its kind.
func (c Consent) with(s Statement) (Consent, bool) {
	for i, other := range c {
		if other.Teller != s.Teller || other.State != s.State {
			continue
		}
		if !s.over(other) {
			return c, false
		}
		c = slices.Clone(c)
		c[i] = s
		return c, true
	}
	return append(slices.Clip(c), s), true
}

// Standing returns the statement that holds: of those that count, the newest by its
// own time. The backend's count, and so does a denial from anybody; a browser's grant
// may be a stranger's, and counts only where the shop believes browsers. False means
// that nothing is known.
func (c Consent) Standing(believeBrowsers bool) (Statement, bool) {
	var newest Statement
	for _, s := range c {
		counts := believeBrowsers || s.Teller == ToldByBackend || s.State == sessions.MailDenied
		if counts && s.over(newest) {
			newest = s
		}
	}
	return newest, newest.State != ""
}

// changedBy reports whether the shop is told of s, which made of before what after
// is. It is told when the state changes: by its backend, or by a browser that
// denies what had been granted. A browser's grant is not told, because whoever takes
// it over would believe strangers.
func changedBy(s Statement, before, after Consent) bool {
	browsers := s.Teller == ToldByBrowser
	was, _ := before.Standing(browsers)
	is, _ := after.Standing(browsers)
	switch {
	case is.State == was.State:
		return false
	case browsers:
		return was.State == sessions.MailGranted
	}
	return true
}
