package mail

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Address is somebody's, with the name that is shown for it.
type Address struct {
	Name  string // or empty
	Email string // in ASCII, its domain as the network writes it
}

// ParseAddress reads an address as people write it: shop@example.com, or
// “The Shop <shop@example.com>”.
func ParseAddress(text string) (Address, error) {
	if err := checkHeader("address", text); err != nil {
		return Address{}, err
	}
	a, err := mail.ParseAddress(text)
	if err != nil {
		return Address{}, fmt.Errorf("%q is no mail address: write shop@example.com, or The Shop <shop@example.com>", text)
	}
	email, err := Mailbox(a.Address)
	return Address{a.Name, email}, err
}

// errMailbox says nothing of the address, because errors are kept.
var errMailbox = errors.New("the address cannot be written to")

// Mailbox returns a shopper's address as an SMTP server takes it: one address,
// without a name, of ASCII letters before the @, its domain in the letters of the
// network's names. The error does not tell the address.
func Mailbox(text string) (string, error) {
	at := strings.LastIndexByte(text, '@')
	if at < 1 || len(text) > 254 || at > 64 {
		return "", errMailbox
	}
	local, domain := text[:at], text[at+1:]
	for _, r := range local {
		if r <= ' ' || r > '~' || strings.ContainsRune(`()<>[]:;@\,"`, r) {
			return "", errMailbox
		}
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return "", errMailbox
	}
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil || domain == "" || strings.ContainsAny(domain, "<>[]:;@\\,\" ") || strings.HasPrefix(domain, ".") {
		return "", errMailbox
	}
	return local + "@" + domain, nil
}

// checkHeader refuses what must not become part of a header: line breaks, with
// which a header could be smuggled in, and other control characters.
func checkHeader(what, text string) error {
	if strings.IndexFunc(text, unicode.IsControl) >= 0 {
		return fmt.Errorf("the %s has a line break or another control character in it", what)
	}
	return nil
}
