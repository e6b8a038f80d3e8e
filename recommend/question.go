package recommend

import (
	"fmt"

	"cartwright/sessions"
)

// Context is the place in the shop where an answer will be shown.
type Context string

// The contexts.
const (
	Home    Context = "home"    // the start page, or any that is about no product
	Product Context = "product" // the page of a product
	Cart    Context = "cart"    // the page of the shopper's cart
)

// How many items an answer has at most.
const (
	DefaultN = 10
	MaximumN = 100
)

// Request asks what to recommend.
type Request struct {
	Context   Context
	Item      sessions.ProductID   // in the context product: the one looked at
	Anonymous sessions.AnonymousID // see [Shopper]
	Customer  sessions.CustomerID  // see [Shopper]
	N         int                  // how many items at most, up to [MaximumN]; 0 means [DefaultN]
}

// RequestError says which part of a request cannot be answered.
type RequestError struct {
	Part   string // context, item or n
	Reason string
}

// Error reads as a sentence.
func (e *RequestError) Error() string { return fmt.Sprintf("recommend: %s: %s", e.Part, e.Reason) }

// checked returns a request with its defaults, or what is wrong with it.
func (q Request) checked() (Request, error) {
	if q.N == 0 {
		q.N = DefaultN
	}
	switch {
	case q.Context != Home && q.Context != Product && q.Context != Cart:
		return q, &RequestError{"context", fmt.Sprintf("%q is none of home, product and cart", q.Context)}
	case q.Context == Product && q.Item == "":
		return q, &RequestError{"item", "the context product needs the product that is looked at"}
	case q.N < 0 || q.N > MaximumN:
		return q, &RequestError{"n", fmt.Sprintf("%d is not between 1 and %d", q.N, MaximumN)}
	}
	return q, nil
}
