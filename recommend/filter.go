package recommend

import (
	"slices"
	"strings"
)

// How much a filter may name.
const (
	MaximumChoices = 50 // categories, brands, or values of one attribute
	MaximumDemands = 10 // tags, and attributes
)

// tagsAttribute is the attribute that holds a product's tags: a text, or a list of them.
const tagsAttribute = "tags"

// Filter says which products may be in an answer: those of which everything holds that
// it demands. Only what the catalog says counts, letter by letter, so a product that the
// catalog does not know passes no filter but the empty one.
type Filter struct {
	Categories []string // any of them; empty means all
	Brands     []string // any of them; empty means all

	// MinimumPrice and MaximumPrice are in minor units of the shop's currency, both
	// included. A product without a price, or with one in another currency, is neither
	// cheaper nor dearer than anything.
	MinimumPrice, MaximumPrice *int64

	Tags       []string    // all of them, in the attribute tags
	InStock    bool        // the catalog has it, and not as out of stock
	Attributes []Attribute // all of them
}

// Attribute demands that one attribute of a product has one of some values, or is a
// list that has one of them.
type Attribute struct {
	Name string
	Any  []Value
}

// empty reports whether a filter lets everything pass.
func (f *Filter) empty() bool {
	return len(f.Categories) == 0 && len(f.Brands) == 0 && f.MinimumPrice == nil && f.MaximumPrice == nil &&
		len(f.Tags) == 0 && !f.InStock && len(f.Attributes) == 0
}

// passes reports whether a product of the catalog passes the filter of a shop with a
// currency. It is asked of every product that a strategy thinks of, so it allocates
// nothing and looks at the cheapest first.
func (f *Filter) passes(e *shelved, currency string) bool {
	p := &e.product
	if f.InStock && p.InStock != nil && !*p.InStock {
		return false
	}
	if f.MinimumPrice != nil || f.MaximumPrice != nil {
		if p.Price == nil || p.Currency != currency ||
			f.MinimumPrice != nil && *p.Price < *f.MinimumPrice || f.MaximumPrice != nil && *p.Price > *f.MaximumPrice {
			return false
		}
	}
	if len(f.Categories) > 0 && !slices.Contains(f.Categories, p.Category) ||
		len(f.Brands) > 0 && !slices.Contains(f.Brands, p.Brand) {
		return false
	}
	for _, tag := range f.Tags {
		if !e.has(tagsAttribute, Text(tag)) {
			return false
		}
	}
	for i := range f.Attributes {
		if !f.Attributes[i].holds(e) {
			return false
		}
	}
	return true
}

// holds reports whether a product has one of the values.
func (a *Attribute) holds(e *shelved) bool {
	for _, v := range a.Any {
		if e.has(a.Name, v) {
			return true
		}
	}
	return false
}

// has reports whether an attribute of a product is a value, or a list that has it.
func (e *shelved) has(name string, v Value) bool {
	for i := range e.facts {
		if f := &e.facts[i]; f.Value == v && f.name == name {
			return true
		}
	}
	return false
}

// check adds what is wrong with a filter to the mistakes of its request.
func (f *Filter) check(m *mistakes) {
	texts(m, "filter/category", f.Categories, MaximumChoices)
	texts(m, "filter/brand", f.Brands, MaximumChoices)
	texts(m, "filter/tag", f.Tags, MaximumDemands)
	if f.MinimumPrice != nil && *f.MinimumPrice < 0 {
		m.add("filter/min_price", "must not be negative")
	}
	if f.MaximumPrice != nil && *f.MaximumPrice < 0 {
		m.add("filter/max_price", "must not be negative")
	}
	if f.MinimumPrice != nil && f.MaximumPrice != nil && *f.MinimumPrice > *f.MaximumPrice {
		m.add("filter/min_price", "must not be above max_price: no product has such a price")
	}
	f.checkAttributes(m)
}

// inPointer writes a name as a part of a JSON pointer.
var inPointer = strings.NewReplacer("~", "~0", "/", "~1")

func (f *Filter) checkAttributes(m *mistakes) {
	if len(f.Attributes) > MaximumDemands {
		m.add("filter/attribute", "must be at most %d; these are %d", MaximumDemands, len(f.Attributes))
		return
	}
	for _, a := range f.Attributes {
		part := "filter/attribute/" + inPointer.Replace(a.Name)
		switch {
		case a.Name == "" || len(a.Name) > longestText:
			m.add("filter/attribute", "must have names of 1 to %d bytes", longestText)
		case len(a.Any) == 0:
			m.add(part, "must be a text, a number, true or false, or several of them")
		case len(a.Any) > MaximumChoices:
			m.add(part, "must have at most %d values; these are %d", MaximumChoices, len(a.Any))
		case slices.ContainsFunc(a.Any, func(v Value) bool { return len(v.text) > longestText }):
			m.add(part, "must have values of at most %d bytes", longestText)
		}
	}
}
