package cart

import (
	"cartwright/sessions"
)

// A contact says who uses a browser, or where a customer is reached, as one kind of
// teller said: the newest that was told. Identities, by which visitors become one, are
// another matter: there any browser may claim any address.
type contact struct {
	Customer sessions.CustomerID // of a browser
	Email    sessions.Email
	At       sessions.Millis
}

// contactKey names a contact: a browser by its anonymous id, or a customer.
type contactKey struct {
	kind   string // anonymous, customer
	value  string
	teller Teller
}

// The kinds of contacts.
const (
	contactBrowser  = "anonymous"
	contactCustomer = "customer"
)

// told returns c after somebody told more of it. What was so before what is known
// already changes nothing. Another customer at the same browser has an address of
// their own.
func (c contact) told(customer sessions.CustomerID, email sessions.Email, at sessions.Millis) contact {
	next := c
	if customer != "" && customer != c.Customer {
		next = contact{Customer: customer}
	}
	if email != "" {
		next.Email = email
	}
	if next.At = c.At; at < c.At || next == c {
		return c
	}
	next.At = at
	return next
}

// An introduction is what one event tells of one contact.
type introduction struct {
	key      contactKey
	customer sessions.CustomerID
	email    sessions.Email
	at       sessions.Millis
}

// introductions returns what e tells of who is whom. Browsing tells nothing: most of
// it names the same again.
func introductions(e *sessions.Event) []introduction {
	if e.Bot || !introducing(e.Kind) {
		return nil
	}
	var all []introduction
	teller := tellerOf(e.Source)
	if e.Anonymous != "" && (e.Customer != "" || e.Email != "") {
		all = append(all, introduction{contactKey{contactBrowser, string(e.Anonymous), teller}, e.Customer, e.Email, e.Occurred})
	}
	if e.Customer != "" && e.Email != "" {
		all = append(all, introduction{contactKey{contactCustomer, string(e.Customer), teller}, "", e.Email, e.Occurred})
	}
	if e.Kind == sessions.Alias && e.Customer != "" && e.Previous != "" {
		all = append(all, introduction{contactKey{contactBrowser, e.Previous, teller}, e.Customer, "", e.Occurred})
	}
	return all
}

// introducing reports whether events of a kind are made to say who somebody is.
func introducing(k sessions.Kind) bool {
	switch k {
	case sessions.Identify, sessions.Alias, sessions.CartUpdated, sessions.CheckoutStarted, sessions.CheckoutStep,
		sessions.OrderCompleted, sessions.OrderUpdated:
		return true
	}
	return false
}

// contacts are what is known of some browsers and customers.
type contacts map[contactKey]contact

// ofCustomer returns where a customer is reached, as a teller said.
func (k contacts) ofCustomer(c sessions.CustomerID, t Teller) sessions.Email {
	return k[contactKey{contactCustomer, string(c), t}].Email
}

// ofBrowser returns where whoever uses a browser is reached, as a teller said: the
// address of the customer at it, which is kept up to date, else the one told with it.
func (k contacts) ofBrowser(a sessions.AnonymousID, t Teller) sessions.Email {
	c := k[contactKey{contactBrowser, string(a), t}]
	if email := k.ofCustomer(c.Customer, t); c.Customer != "" && email != "" {
		return email
	}
	return c.Email
}

// reach returns where a cart's shopper is reached, and whether that is proven: the
// address that the backend told with the cart; else that of the customer it told with
// it; else that of the browsers which filled the cart, if the backend told of each of
// them and all lead to the same address. Without a proof it is what browsers claimed.
func (k contacts) reach(c Cart) (email sessions.Email, proven bool) {
	if c.Address != "" {
		return c.Address, true
	}
	if email = k.ofCustomer(c.Customer, ToldByBackend); c.Customer != "" && email != "" {
		return email, true
	}
	if email = k.ofBrowsers(c.Browsers); email != "" {
		return email, true
	}
	if c.Email != "" {
		return c.Email, false
	}
	return k.claimed(c.Browsers), false
}

// ofBrowsers returns the one address to which the backend's word leads from all of
// some browsers.
func (k contacts) ofBrowsers(browsers []sessions.AnonymousID) (one sessions.Email) {
	if len(browsers) > browsersKept {
		return ""
	}
	for _, a := range browsers {
		email := k.ofBrowser(a, ToldByBackend)
		if email == "" || one != "" && email != one {
			return ""
		}
		one = email
	}
	return one
}

// claimed returns the address that the last of some browsers claimed.
func (k contacts) claimed(browsers []sessions.AnonymousID) sessions.Email {
	for i := len(browsers) - 1; i >= 0; i-- {
		claim := k[contactKey{contactBrowser, string(browsers[i]), ToldByBrowser}]
		for _, email := range []sessions.Email{
			k.ofBrowser(browsers[i], ToldByBackend), claim.Email, k.ofCustomer(claim.Customer, ToldByBackend), k.ofCustomer(claim.Customer, ToldByBrowser),
		} {
			if email != "" {
				return email
			}
		}
	}
	return ""
}
