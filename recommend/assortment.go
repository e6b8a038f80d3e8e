package recommend

import (
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// assortmentsKept is how many filters' assortments are kept: those asked for last.
	assortmentsKept = 64
	// assortmentLimit is how many products an assortment lists. Of what is larger, answers
	// are full before much was looked at.
	assortmentLimit = 4096
)

// assortment is the part of the catalog that passes a filter. The zero value stands for
// everything.
type assortment struct {
	key string // of filter and currency
	// members and ids, which are sorted, are nil if there are too many.
	members map[string]bool
	ids     []string
}

// assortments are kept until the catalog changes. They follow from it alone, so it does
// not matter when they were made.
type assortments struct {
	limit int // how many products one lists at most
	mu    sync.Mutex
	kept  *simplelru.LRU[string, assortment]
}

func newAssortments() *assortments {
	return &assortments{limit: assortmentLimit, kept: recent[string, assortment](assortmentsKept, nil)}
}

// expire drops what was made. Nobody may be asking meanwhile.
func (s *assortments) expire() { s.kept.Purge() }

// of returns what passes a filter. The first who asks pays for a look at the whole
// catalog, some milliseconds for 20,000 products; who asks later for a look-up.
func (s *assortments) of(f *Filter, shelf *shelf, currency string) assortment {
	key := f.key(currency)
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.kept.Get(key); ok {
		return found
	}
	made := assortment{key: key, members: map[string]bool{}}
	for _, id := range shelf.ids {
		if !f.passes(shelf.entries[id], currency) {
			continue
		}
		if len(made.ids) == s.limit {
			made.members, made.ids = nil, nil
			break
		}
		made.members[id] = true
		made.ids = append(made.ids, id)
	}
	s.kept.Add(key, made)
	return made
}

// key tells filters apart.
func (f *Filter) key(currency string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %t %q %q %q", currency, f.InStock, f.Categories, f.Brands, f.Tags)
	for _, price := range [...]*int64{f.MinimumPrice, f.MaximumPrice} {
		if price == nil {
			b.WriteString(" any")
		} else {
			fmt.Fprintf(&b, " %d", *price)
		}
	}
	for _, a := range f.Attributes {
		fmt.Fprintf(&b, " %q:", a.Name)
		for _, v := range a.Any {
			fmt.Fprintf(&b, " %d%q", v.kind, v.text)
		}
	}
	return b.String()
}
