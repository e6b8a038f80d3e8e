package recommend

import (
	"encoding/json"
	"slices"

	"cartwright/sessions"
)

// shelf is the catalog in memory, as far as answers need it.
type shelf struct {
	entries  map[string]*shelved
	unsold   map[string]bool // hidden or out of stock: few, so that most answers look into nothing else
	ids      []string        // of all entries, sorted once settle was called
	variants int             // entries that are variants of another product
	fresh    []string        // ids that settle has to sort in

	contents    contents
	resemblance *resemblance
}

// shelved is one product of the catalog.
type shelved struct {
	product sessions.Product
	encoded string          // as JSON
	changed sessions.Millis // when, if a platform told it
	facts   []fact          // what its attributes say
	roles
}

// roles are what attributes say of a product that means something here.
type roles struct {
	use       use    // what becomes of it
	variantOf string // the product of which it is a variant, "" if of none
	content   bool   // it is something to read
}

func newShelf() *shelf {
	return &shelf{entries: map[string]*shelved{}, unsold: map[string]bool{}, contents: newContents(), resemblance: newResemblance()}
}

// take puts the entry of an event in, unless it tells an older state than the one
// that is there.
func (s *shelf) take(p sessions.Product, e *sessions.Event) {
	if have := s.entries[string(p.ID)]; have != nil && outdated(e, have.changed) {
		return
	}
	s.put(p)
	s.entries[string(p.ID)].changed = e.Updated
}

// put takes an entry in, in place of the one of the same product.
func (s *shelf) put(p sessions.Product) {
	id := string(p.ID)
	before := s.entries[id]
	if before == nil {
		s.fresh = append(s.fresh, id)
	} else {
		if before.variantOf != "" {
			s.variants--
		}
		if before.content {
			s.contents.leave(&before.product)
		}
	}
	inStock := p.InStock == nil || *p.InStock
	encoded, _ := json.Marshal(p) // whoever sends it will meet the error
	e := &shelved{product: p, encoded: string(encoded), facts: factsOf(p.Attributes), roles: rolesOf(p.Attributes)}
	if e.content {
		s.contents.enter(&p)
	}
	if e.variantOf != "" {
		s.variants++
	}
	s.entries[id] = e
	s.resemblance.take(&e.product)
	if delete(s.unsold, id); p.Hidden || !inStock {
		s.unsold[id] = true
	}
}

// use is what becomes of a product that was bought.
type use uint8

const (
	unknownUse use = iota // orders tell
	consumable            // it is used up, and bought again
	durable
)

// rolesOf reads the roles of a product.
func rolesOf(attributes json.RawMessage) (r roles) {
	var a struct {
		Consumable any             `json:"consumable"` // a text there must not hide what else is said
		Content    any             `json:"content"`
		VariantOf  json.RawMessage `json:"variant_of"`
	}
	if len(attributes) == 0 || json.Unmarshal(attributes, &a) != nil {
		return r
	}
	switch {
	case len(a.VariantOf) == 0:
	case a.VariantOf[0] == '"':
		_ = json.Unmarshal(a.VariantOf, &r.variantOf) // it was read already
	case digit(a.VariantOf[0]):
		r.variantOf = string(a.VariantOf) // ids may be numbers, which stand for their digits
	}
	switch a.Consumable {
	case true:
		r.use = consumable
	case false:
		r.use = durable
	}
	r.content = a.Content == true
	return r
}

// settle sorts new ids in. It costs O(products) once for any number of them.
func (s *shelf) settle() {
	if len(s.fresh) == 0 {
		return
	}
	slices.Sort(s.fresh)
	old := s.ids
	s.ids = make([]string, 0, len(old)+len(s.fresh))
	for _, id := range s.fresh {
		n, _ := slices.BinarySearch(old, id)
		s.ids = append(append(s.ids, old[:n]...), id)
		old = old[n:]
	}
	s.ids = append(s.ids, old...)
	s.fresh = s.fresh[:0]
}

// sells reports whether a product may be shown. One that the catalog does not
// know may: there are shops without a catalog.
func (s *shelf) sells(id string) bool { return !s.unsold[id] }

// use is what becomes of a product, as far as the catalog says.
func (s *shelf) use(id string) use {
	if e := s.entries[id]; e != nil {
		return e.use
	}
	return unknownUse
}

// name is what a product is called among people.
func (s *shelf) name(id string) string {
	if e := s.entries[id]; e != nil && e.product.Name != "" {
		return e.product.Name
	}
	return id
}

// category is a product's category, empty if none is known.
func (s *shelf) category(id string) string {
	if e := s.entries[id]; e != nil {
		return e.product.Category
	}
	return ""
}
