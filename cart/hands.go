package cart

import (
	"slices"

	"cartwright/sessions"
)

// browsersKept is how many browsers of one cart are told apart. A cart that more
// have filled is as good as nobody's.
const browsersKept = 4

// filledBy returns c with the browser of e among those that filled it. Whoever names
// an address or a customer in a browser may be anybody, and shares that one's visitor
// from then on. Only the anonymous id, which nobody else knows, is the browser's own.
func (c Cart) filledBy(e *sessions.Event) Cart {
	if len(c.Lines) == 0 {
		c.Browsers = nil
	}
	if e.Anonymous == "" || slices.Contains(c.Browsers, e.Anonymous) || len(c.Browsers) > browsersKept {
		return c
	}
	c.Browsers = append(slices.Clone(c.Browsers), e.Anonymous)
	return c
}

// ofSender lists the browser of e, if it names one.
func ofSender(e *sessions.Event) []sessions.AnonymousID {
	if e.Anonymous == "" {
		return nil
	}
	return []sessions.AnonymousID{e.Anonymous}
}

// introducedBy returns c with what e tells of its shopper, if e is from whom that is
// believed. Another customer's address is not this one's.
func (c Cart) introducedBy(e *sessions.Event) Cart {
	if !trusted(e.Source) {
		return c
	}
	if e.Customer != "" && e.Customer != c.Customer {
		c.Customer, c.Address = e.Customer, ""
	}
	if e.Email != "" {
		c.Address = e.Email
	}
	return c
}
