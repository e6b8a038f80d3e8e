package sessions

// MailState says whether an address may be mailed.
type MailState string

// The states of an address. Of one that nobody told anything, nothing is known.
const (
	MailGranted MailState = "granted"
	MailDenied  MailState = "denied" // refused, or withdrawn
)

// MailBasis says on what a grant rests.
type MailBasis string

// The bases, by the words of the law of most shops.
const (
	ByConsent            MailBasis = "consent"             // the shopper said so
	BySoftOptIn          MailBasis = "soft_opt_in"         // a customer who was told of it when buying and did not object
	ByContract           MailBasis = "contract"            // it is part of what was agreed
	ByLegitimateInterest MailBasis = "legitimate_interest" // the shop weighed interests
)

// MailBases lists the bases.
func MailBases() []MailBasis {
	return []MailBasis{ByConsent, BySoftOptIn, ByContract, ByLegitimateInterest}
}

// MailConsent is what an event says of whether its address may be mailed. It is a
// record for whoever must prove it: what was asked, where and when.
type MailConsent struct {
	State       MailState `json:"state"`
	Basis       MailBasis `json:"basis,omitempty"`        // of a grant
	Source      string    `json:"source,omitempty"`       // where it was asked, in the shop's words
	TextVersion string    `json:"text_version,omitempty"` // of the text that the shopper read
	At          Millis    `json:"at,omitempty"`           // when, by the sender's clock; 0: when the event occurred
}
