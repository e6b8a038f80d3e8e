package cart

import (
	"gorm.io/gorm"

	"cartwright/sessions"
)

// MailRules say whom mails may go to.
type MailRules struct{}

// Addressee is where a mail about a cart would go to, or why nowhere.
type Addressee struct {
	Email         sessions.Email
	Hash, Network string
	Refusal       Reason
}

// LoadAddressees is replaced.
func LoadAddressees(_ *gorm.DB, carts []Cart, _ sessions.Millis, _ MailRules) (map[ID]Addressee, error) {
	to := map[ID]Addressee{}
	for _, c := range carts {
		a := Addressee{Email: c.Email}
		if c.Email == "" {
			a.Refusal = "no_address"
		}
		to[c.ID] = a
	}
	return to, nil
}

// The reasons that are limits.
const (
	AddressLimit Reason = "address_limit"
	NetworkLimit Reason = "network_limit"
)
