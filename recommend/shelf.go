package recommend

import (
	"encoding/json"
	"slices"

	"cartwright/sessions"
)

// shelf is the catalog in memory, as far as answers need it.
type shelf struct {
	entries map[string]*shelved
	unsold  map[string]bool // hidden or out of stock: few, so that most answers look into nothing else
	ids     []string        // of all entries, sorted once settle was called
	fresh   []string        // ids that settle has to sort in
}

// shelved is one product of the catalog.
type shelved struct {
	product    sessions.Product
	encoded    string          // as JSON
	changed    sessions.Millis // when, if a platform told it
	consumable bool            // may be recommended to who bought it
}

func newShelf() *shelf {
	return &shelf{entries: map[string]*shelved{}, unsold: map[string]bool{}}
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
	if s.entries[id] == nil {
		s.fresh = append(s.fresh, id)
	}
	inStock := p.InStock == nil || *p.InStock
	encoded, _ := json.Marshal(p) // whoever sends it will meet the error
	s.entries[id] = &shelved{product: p, encoded: string(encoded), consumable: consumable(p.Attributes)}
	if delete(s.unsold, id); p.Hidden || !inStock {
		s.unsold[id] = true
	}
}

// consumable reports whether a product's attributes say that it is used up and
// bought again.
func consumable(attributes json.RawMessage) bool {
	var a struct {
		Consumable any `json:"consumable"` // a text there must not hide what else is said
	}
	return len(attributes) > 0 && json.Unmarshal(attributes, &a) == nil && a.Consumable == true
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

// consumable reports whether a product is bought again and again.
func (s *shelf) consumable(id string) bool {
	e := s.entries[id]
	return e != nil && e.consumable
}

// product is the entry of a product, also as JSON; nil if there is none.
func (s *shelf) product(id string) (p *sessions.Product, encoded string) {
	if e := s.entries[id]; e != nil {
		return &e.product, e.encoded
	}
	return nil, ""
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
