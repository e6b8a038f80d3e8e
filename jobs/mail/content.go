package mail

import "slices"

// Kind says what was left behind.
type Kind string

// The kinds.
const (
	Cart     Kind = "cart"     // products in a cart
	Checkout Kind = "checkout" // a checkout that was begun
	Browse   Kind = "browse"   // products that were looked at
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{Cart, Checkout, Browse} }

// Content is what a mail says. Templates see it under these names, and every text
// in it is data: a template never takes it for markup.
type Content struct {
	Kind     Kind
	Step     int    // of the flow, from 1
	Language string // of the page, such as en; from the locale

	Shop  Shop
	Lines []Line // what was left behind
	More  int    // how many lines there are beside these
	Total Amount // of all lines; not known if the price of one is not

	Recommended []Product // two to four, or none

	RestoreURL     string // leads back to the cart
	UnsubscribeURL string // stops these mails
	Coupon         string // a code, or empty
}

// Shop is who mails.
type Shop struct {
	Name    string
	URL     string
	Logo    string // the address of a picture, or empty
	Address string // where the shop can be reached by letter; lines are separated by line breaks or " | "
}

// Line is one product of the cart.
type Line struct {
	Name     string
	Variant  string // or empty
	Image    string // the address of a picture, or empty
	URL      string // of the product's page, or empty
	Quantity int64
	Price    Amount // of one unit
	Total    Amount // of all units
}

// Product is one that is recommended.
type Product struct {
	Name   string
	Image  string
	URL    string
	Price  Amount
	Reason string // in words for shoppers, or empty
	Way    string // by which it was found, such as bought_together, for templates in other languages
}

// Units are how many pieces the lines hold together.
func (c Content) Units() (n int64) {
	for _, l := range c.Lines {
		n += l.Quantity
	}
	return n
}

// First is the line that a subject may name: the first one with a name.
func (c Content) First() Line {
	for _, l := range c.Lines {
		if l.Name != "" {
			return l
		}
	}
	return Line{}
}

// Pictured reports whether any line has a picture, so that there is room for one.
func (c Content) Pictured() bool {
	return slices.ContainsFunc(c.Lines, func(l Line) bool { return l.Image != "" })
}
