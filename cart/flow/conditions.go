package flow

import (
	"slices"

	"cartwright/sessions"
)

// Conditions say which subjects a flow takes. Those that are not set take all; of a
// list one has to fit.
type Conditions struct {
	MinimumValue *int64   `json:"minimum_value,omitempty"` // minor units of the cart's currency
	MaximumValue *int64   `json:"maximum_value,omitempty"`
	Currencies   []string `json:"currencies,omitempty"` // ISO 4217
	Countries    []string `json:"countries,omitempty"`  // ISO 3166, two letters
	Products     []string `json:"products,omitempty"`   // ids; one of them is left behind
	Categories   []string `json:"categories,omitempty"` // one product of one of them is
	Visitors     string   `json:"visitors,omitempty"`   // new or returning
	Devices      []string `json:"devices,omitempty"`    // desktop, mobile, tablet, …
	Channels     []string `json:"channels,omitempty"`   // how the shopper came: email, organic_search, …
}

// New and Returning are the values of [Conditions.Visitors]: whether the shopper was
// in the shop before the visit in which this was left.
const (
	NewVisitor       = "new"
	ReturningVisitor = "returning"
)

// Subject is what conditions ask of what was left behind.
type Subject struct {
	Value      *int64 // nil: no price is known
	Currency   string
	Country    string
	Device     string
	Channel    string
	Visits     int64 // how many the shopper made, this one included; 0: none is known
	Products   []sessions.ProductID
	Categories []string
}

// Empty reports whether the conditions take everything.
func (c Conditions) Empty() bool {
	return c.MinimumValue == nil && c.MaximumValue == nil && c.Visitors == "" && !c.Knows()
}

// Knows reports whether the conditions ask for anything on a list.
func (c Conditions) Knows() bool {
	return len(c.Currencies)+len(c.Countries)+len(c.Products)+len(c.Categories)+len(c.Devices)+len(c.Channels) > 0
}

// Take reports whether the conditions take a subject. What is not known of it fits no
// condition on it: a cart without prices has no minimum value.
func (c Conditions) Take(s Subject) bool {
	switch {
	case c.MinimumValue != nil && (s.Value == nil || *s.Value < *c.MinimumValue),
		c.MaximumValue != nil && (s.Value == nil || *s.Value > *c.MaximumValue),
		c.Visitors == NewVisitor && s.Visits != 1, c.Visitors == ReturningVisitor && s.Visits < 2:
		return false
	}
	products := make([]string, len(s.Products))
	for i, p := range s.Products {
		products[i] = string(p)
	}
	return oneOf(c.Currencies, s.Currency) && oneOf(c.Countries, s.Country) && oneOf(c.Devices, s.Device) &&
		oneOf(c.Channels, s.Channel) && oneOf(c.Products, products...) && oneOf(c.Categories, s.Categories...)
}

// oneOf reports whether one of the values is on the list, or there is no list.
func oneOf(list []string, values ...string) bool {
	return len(list) == 0 || slices.ContainsFunc(values, func(v string) bool { return slices.Contains(list, v) })
}
