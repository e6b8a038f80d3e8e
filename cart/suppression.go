package cart

import (
	"encoding/json"
	"regexp"
	"slices"
	"time"

	"cartwright/sessions"
)

// SuppressionReason says why an address is not mailed.
type SuppressionReason string

// The reasons of suppressions. A soft bounce by itself holds nothing back.
const (
	Unsubscribed SuppressionReason = "unsubscribe" // they asked for no more
	Complained   SuppressionReason = "complaint"   // they called a mail spam
	Bounced      SuppressionReason = "bounce"      // the mailbox does not exist, or failed again and again
	SoftBounced  SuppressionReason = "soft_bounce" // it could not take a mail now: full, or away
	ByShop       SuppressionReason = "manual"      // the shop wants it so
)

// asked reports whether the reason is what its owner said. Only they can take it back.
func (r SuppressionReason) asked() bool { return r == Unsubscribed || r == Complained }

// softBounces within softWindow suppress like a hard one.
const (
	softBounces = 3
	softWindow  = 30 * 24 * time.Hour
)

// Suppression is one reason for which an address is not mailed. The address itself
// is not kept: its hash outlives an erasure and names nobody.
type Suppression struct {
	Hash   string            `json:"address_hash"`
	Reason SuppressionReason `json:"reason"`
	Detail string            `json:"detail,omitempty"` // what was said of it, without addresses
	At     sessions.Millis   `json:"at"`
	Seq    sessions.Seq      `json:"-"`

	times []sessions.Millis // of soft bounces, the last ones, sorted
}

// shownHash is how much of a hash is shown: enough to tell rows apart.
const shownHash = 8

// MarshalJSON writes the suppression as it is shown: the hash masked, the time as
// RFC 3339.
func (s Suppression) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Seq    sessions.Seq      `json:"seq"`
		Hash   string            `json:"address_hash"`
		Reason SuppressionReason `json:"reason"`
		Detail string            `json:"detail,omitempty"`
		At     *time.Time        `json:"occurred_at"`
	}{s.Seq, s.Hash[:min(len(s.Hash), shownHash)] + "…", s.Reason, s.Detail, instant(s.At)})
}

// suppressed is a suppression as the content of an address.suppressed event.
type suppressed Suppression

// released is the content of an address.released event.
type released struct {
	Hash string          `json:"address_hash"`
	At   sessions.Millis `json:"at"`
}

// again returns a soft bounce after another one of its address, and whether these
// are so many, so close together, that the address is taken to be dead. The same one
// told twice is one.
func (s Suppression) again(at sessions.Millis) (next Suppression, dead bool) {
	if !slices.Contains(s.times, at) {
		s.times = append(slices.Clone(s.times), at)
		slices.Sort(s.times)
		s.times = s.times[max(0, len(s.times)-softBounces):]
	}
	s.At = s.times[len(s.times)-1]
	return s, len(s.times) == softBounces && s.times[0].Add(softWindow) >= s.At
}

// stands reports whether any of an address's suppressions holds mails back.
func stands(all []Suppression) bool {
	return slices.ContainsFunc(all, func(s Suppression) bool { return s.Reason != SoftBounced })
}

// releasable reports whether suppressions may be taken back, given what was said of
// the address: what its owner asked for, only after they consented anew, and said so
// to the backend.
func releasable(all []Suppression, c Consent) bool {
	consent, _ := c.Standing(false)
	for _, s := range all {
		anew := consent.State == sessions.MailGranted && consent.Basis == sessions.ByConsent && consent.At > s.At
		if s.Reason.asked() && !anew {
			return false
		}
	}
	return true
}

// addressLike matches what may be an address within a text.
var addressLike = regexp.MustCompile(`\S*@\S*`)

// maxDetail is how much of a detail is kept, in characters.
const maxDetail = 200

// withoutAddresses returns a text as it may be kept: what mail servers say of a
// bounce names its address.
func withoutAddresses(text string) string {
	text = addressLike.ReplaceAllString(text, "…")
	if r := []rune(text); len(r) > maxDetail {
		text = string(r[:maxDetail])
	}
	return text
}
