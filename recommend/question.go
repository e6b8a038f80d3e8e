package recommend

import (
	"fmt"

	"cartwright/sessions"
)

// How much a request may ask for.
const (
	DefaultN        = 10   // items of an answer, if nothing is said
	MaximumN        = 100  // items of an answer
	MaximumTold     = 200  // products in Items, and in Cart
	MaximumExcluded = 1000 // products in Exclude
)

// longestText is how many bytes a product id or another text of a request may have.
const longestText = 255

// Request asks what to recommend.
type Request struct {
	Context   Context
	Item      sessions.ProductID   // in the context product the one looked at; in content the entry that is read, or the path of its page
	Anonymous sessions.AnonymousID // see [Shopper]
	Customer  sessions.CustomerID  // see [Shopper]
	N         int                  // how many items at most, up to [MaximumN]; 0 means [DefaultN]

	// Items are what the shopper looked at, the oldest first, as far as who asks knows.
	// They are taken for the newest steps of the session that is remembered, or for all
	// of it if none is; the newest twenty of both count.
	Items []sessions.ProductID
	// Cart are products in the shopper's cart, the oldest line first, beside those that
	// are known.
	Cart []sessions.ProductID
	// Exclude are products that must not be in the answer.
	Exclude []sessions.ProductID

	Filter      Filter
	PerCategory int  // how many items of one category at most; 0 means any
	Explain     bool // say what scores are the sum of
}

// RequestError says which part of a request cannot be answered.
type RequestError struct {
	Part   string // its place as a JSON pointer without the first slash, such as n or filter/min_price
	Reason string // what it must be
}

// Error reads as a sentence.
func (e *RequestError) Error() string { return fmt.Sprintf("recommend: %s %s", e.Part, e.Reason) }

// Mistakes returns all that keeps a request from being answered, nil if nothing does.
func (q *Request) Mistakes() []*RequestError {
	var m mistakes
	if !q.Context.known() {
		m.add("context", "must be one of %s", listed(Contexts()))
	}
	if q.Context == Product && q.Item == "" {
		m.add("item", "must be the product_id that is looked at")
	}
	if q.N < 0 || q.N > MaximumN {
		m.add("n", "must be a number from 1 to %d", MaximumN)
	}
	if q.PerCategory < 0 || q.PerCategory > MaximumN {
		m.add("per_category", "must be a number from 1 to %d", MaximumN)
	}
	texts(&m, "items", q.Items, MaximumTold)
	texts(&m, "cart", q.Cart, MaximumTold)
	texts(&m, "exclude", q.Exclude, MaximumExcluded)
	q.Filter.check(&m)
	return m
}

// mistakes gathers what is wrong with a request.
type mistakes []*RequestError

func (m *mistakes) add(part, format string, values ...any) {
	*m = append(*m, &RequestError{part, fmt.Sprintf(format, values...)})
}

// texts checks a list of texts.
func texts[T ~string](m *mistakes, part string, list []T, limit int) {
	if len(list) > limit {
		m.add(part, "must have at most %d entries; these are %d", limit, len(list))
		return
	}
	for i, text := range list {
		if text == "" || len(text) > longestText {
			m.add(fmt.Sprintf("%s/%d", part, i), "must be a text of 1 to %d bytes", longestText)
		}
	}
}

// checked returns a request with its defaults, or the first thing that is wrong with it.
func (q Request) checked() (Request, error) {
	if q.N == 0 {
		q.N = DefaultN
	}
	if wrong := q.Mistakes(); len(wrong) > 0 {
		return q, wrong[0]
	}
	return q, nil
}
