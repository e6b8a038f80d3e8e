package cart

import (
	"slices"

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
	if e.Bot || !introducing(e) {
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
	if e.Kind == sessions.Alias && e.Customer != "" && e.Previous != "" && !e.Renamed {
		all = append(all, introduction{contactKey{contactBrowser, e.Previous, teller}, e.Customer, "", e.Occurred})
	}
	return all
}

// introducing reports whether e is of a kind that says who somebody is.
func introducing(e *sessions.Event) bool {
	switch e.Kind {
	case sessions.Identify, sessions.Alias, sessions.CartUpdated, sessions.CheckoutStarted, sessions.CheckoutStep,
		sessions.OrderCompleted, sessions.OrderUpdated:
		return true
	}
	return e.Email != "" && touches(e.Kind)
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

// A proof says how well it is told where a cart's shopper is reached.
type proof int

// The proofs, the best first.
const (
	proven       proof = iota // by the backend
	claimed                   // by the browsers that filled the cart
	contradicted              // different addresses are claimed: a stranger put something in
	absent                    // nobody said anything
)

// reach returns where a cart's shopper is reached, and how well that is told. The
// address that the backend told with the cart is proven; else that of the customer it
// told with it; else that of the browsers which filled the cart, if the backend told of
// each of them and all lead to the same address. What other browsers say of the cart
// counts for nothing.
func (k contacts) reach(c Cart) (sessions.Email, proof) {
	if c.Address != "" {
		return c.Address, proven
	}
	if email := k.ofCustomer(c.Customer, ToldByBackend); c.Customer != "" && email != "" {
		return email, proven
	}
	if email := k.ofBrowsers(c.Browsers); email != "" {
		return email, proven
	}
	var addresses []sessions.Email
	for _, a := range c.Browsers {
		addresses = append(addresses, k.claimedBy(a))
	}
	slices.Sort(addresses)
	addresses = slices.Compact(addresses) // of browsers of which nothing is known, an empty one
	known := slices.ContainsFunc(addresses, func(e sessions.Email) bool { return e != "" })
	switch {
	case known && len(addresses) == 1 && len(c.Browsers) <= browsersKept:
		return addresses[0], claimed
	case known, c.Email != "":
		return "", contradicted
	}
	return "", absent
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

// claimedBy returns where whoever uses a browser is reached, as anybody said: the
// backend first.
func (k contacts) claimedBy(a sessions.AnonymousID) sessions.Email {
	claim := k[contactKey{contactBrowser, string(a), ToldByBrowser}]
	for _, email := range []sessions.Email{
		k.ofBrowser(a, ToldByBackend), claim.Email, k.ofCustomer(claim.Customer, ToldByBackend), k.ofCustomer(claim.Customer, ToldByBrowser),
	} {
		if email != "" {
			return email
		}
	}
	return ""
}
