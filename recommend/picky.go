package recommend

// picky refuses items that are sold and not held, because the request wants others or
// because they would stand beside too many of their kind. It is off for requests and
// catalogs where neither can happen.
type picky struct {
	on       bool
	filter   *Filter    // nil if everything passes
	passing  assortment // what does otherwise
	currency string
	families map[string]bool // products of which one variant is shown; nil without variants
	most     int             // items of one category, 0 for any number
	shown    map[string]int  // items by category

	roomForFamilies map[string]bool
}

func newPicky() picky { return picky{shown: map[string]int{}, roomForFamilies: map[string]bool{}} }

// begin prepares for a request. The request must stay where it is.
func (p *picky) begin(q *Request, s *shelf, kept *assortments, currency string) {
	p.filter, p.passing, p.families, p.most, p.currency = nil, assortment{}, nil, q.PerCategory, currency
	if !q.Filter.empty() {
		p.filter, p.passing = &q.Filter, kept.of(&q.Filter, s, currency)
	}
	if s.variants > 0 {
		clear(p.roomForFamilies)
		p.families = p.roomForFamilies
	}
	if p.most > 0 {
		clear(p.shown)
	}
	p.on = p.filter != nil || p.families != nil || p.most > 0
}

// family is the product of which an item is a variant, or the item: a product and its
// variants are one family. The entry is nil if the catalog does not know the item.
func family(e *shelved, item string) string {
	if e != nil && e.variantOf != "" {
		return e.variantOf
	}
	return item
}

// refuses reports whether an item must not come next, unless it lacks something. Nothing
// is allocated.
func (p *picky) refuses(e *shelved, item string) bool {
	if p.filter != nil && p.passing.members == nil && (e == nil || !p.filter.passes(e, p.currency)) {
		return true
	}
	return p.crowded(e, item)
}

// lacks reports whether an item does not pass the filter, as far as that is quickly known.
func (p *picky) lacks(item string) bool { return p.passing.members != nil && !p.passing.members[item] }

// full reports whether no more items of a category may be shown.
func (p *picky) full(category string) bool {
	return p.most > 0 && category != "" && p.shown[category] >= p.most
}

// crowded reports whether a variant of an item is there, or enough of its category.
// Items without a category are not of one.
func (p *picky) crowded(e *shelved, item string) bool {
	if p.families != nil && p.families[family(e, item)] {
		return true
	}
	return p.most > 0 && e != nil && p.full(e.product.Category)
}

// takes takes note of an item that is shown, unless it would be one too many.
func (p *picky) takes(e *shelved, item string) bool {
	if p.crowded(e, item) {
		return false
	}
	p.showed(e, item)
	if p.most > 0 && e != nil {
		p.shown[e.product.Category]++
	}
	return true
}

// showed takes note of an item of which no variant may be shown any more.
func (p *picky) showed(e *shelved, item string) {
	if p.families != nil {
		p.families[family(e, item)] = true
	}
}
