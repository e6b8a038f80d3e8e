package recommend

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"cartwright/sessions"
)

const (
	// priceStep is by which factor a band of prices reaches from its lower to its upper end.
	priceStep = 1.5
	// resemblanceReach is how many products are looked at for one: those that share its
	// rarest traits.
	resemblanceReach = 20_000
)

// A trait is something that a product has in common with others: a category or one above
// it, a brand, a word of the name, a band of prices.
type trait string

// resemblance finds products that are like one by what the catalog says of them, whether
// anybody ever looked at them or not: content-based filtering, with traits weighed by how
// few products have them (inverse document frequency; Spärck Jones, 1972).
type resemblance struct {
	numbers map[string]uint32 // of products, by id
	ids     []string          // of products
	traits  [][]uint32        // of each product
	known   map[trait]uint32  // numbers of traits
	names   []trait
	with    [][]uint32 // the products that have each, in no order
	counts  []float64  // how much each counts, beside how few products have it
}

func newResemblance() *resemblance {
	return &resemblance{numbers: map[string]uint32{}, known: map[trait]uint32{}}
}

// take notes what the catalog says of a product now. It costs nothing if its traits are
// as before, otherwise a look through the lists of those that it had.
func (m *resemblance) take(p *sessions.Product) {
	number, ok := m.numbers[string(p.ID)]
	if !ok {
		number = uint32(len(m.ids))
		m.numbers[string(p.ID)] = number
		m.ids, m.traits = append(m.ids, string(p.ID)), append(m.traits, nil)
	}
	own := m.number(traitsOf(p))
	if slices.Equal(own, m.traits[number]) {
		return
	}
	for _, t := range m.traits[number] {
		at := slices.Index(m.with[t], number)
		m.with[t] = slices.Delete(m.with[t], at, at+1)
	}
	for _, t := range own {
		m.with[t] = append(m.with[t], number)
	}
	m.traits[number] = own
}

// number gives traits their numbers, each once.
func (m *resemblance) number(traits []trait) []uint32 {
	own := make([]uint32, 0, len(traits))
	for _, t := range traits {
		number, ok := m.known[t]
		if !ok {
			number = uint32(len(m.with))
			m.known[t], m.names = number, append(m.names, t)
			m.with, m.counts = append(m.with, nil), append(m.counts, t.counts())
		}
		own = append(own, number)
	}
	slices.Sort(own)
	return slices.Compact(own)
}

// traitsOf lists the traits of a product. A price is in two bands that overlap by half, so
// that no two prices close to each other share none; each counts half.
func traitsOf(p *sessions.Product) (traits []trait) {
	path := ""
	for part := range strings.FieldsFuncSeq(p.Category, func(r rune) bool { return r == '>' || r == '/' }) {
		path += ">" + strings.ToLower(strings.TrimSpace(part))
		traits = append(traits, trait("category "+path))
	}
	if p.Brand != "" {
		traits = append(traits, trait("brand "+strings.ToLower(p.Brand)))
	}
	for _, word := range wordsOf(p.Name) {
		traits = append(traits, trait("name "+word))
	}
	if p.Price != nil && *p.Price > 0 {
		band := math.Log(float64(*p.Price)) / math.Log(priceStep)
		for half, at := range [...]float64{band, band + .5} {
			traits = append(traits, trait("price "+p.Currency+" "+strconv.Itoa(half)+" "+strconv.Itoa(int(math.Floor(at)))))
		}
	}
	return traits
}

// counts is how much a trait counts beside others that as few products have.
func (t trait) counts() float64 {
	if strings.HasPrefix(string(t), "price ") {
		return .5
	}
	return 1
}

// wordsOf are the words of a name, in small letters.
func wordsOf(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// like appends the n products most like one to dst, best first, ties by product id: a
// score is the part of what tells the product apart that the other one has too, each
// trait counting (ln(products / products with it))². Exclude is as in [Query]. It takes
// O(products that share a trait), at most 20,000 and some.
func (m *resemblance) like(s *likeness, id string, n int, exclude func(id string) bool, dst []Scored) []Scored {
	number, ok := m.numbers[id]
	if !ok || n <= 0 {
		return dst
	}
	s.begin(len(m.ids))
	s.parts = m.parts(s.parts[:0], number)
	for _, p := range s.parts {
		for _, other := range m.with[p.trait] {
			s.add(other, p.of)
		}
	}
	best := ranking{names: m.ids, exclude: exclude, n: n, best: s.best[:0]}
	for _, other := range s.found {
		if score := s.sums[other]; other != number && best.wants(score) {
			best.offer(ranked{score: score, item: other})
		}
	}
	for _, r := range best.best {
		dst = append(dst, Scored{Item: m.ids[r.item], Score: r.score})
	}
	s.best = best.best
	return dst
}

// traitPart is how much of what tells a product apart one of its traits is.
type traitPart struct {
	trait uint32
	of    float64
}

// parts appends those of a product, the rarest trait first, but for what everything has,
// which says nothing, and what is too common, which says not enough.
func (m *resemblance) parts(dst []traitPart, number uint32) []traitPart {
	own := slices.Clone(m.traits[number])
	slices.SortFunc(own, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(len(m.with[a]), len(m.with[b])), cmp.Compare(m.names[a], m.names[b]))
	})
	whole, read := 0., 0
	for _, t := range own {
		idf := math.Log(float64(len(m.ids)) / float64(len(m.with[t])))
		weight := m.counts[t] * idf * idf
		whole += weight
		if read += len(m.with[t]); weight > 0 && read <= resemblanceReach {
			dst = append(dst, traitPart{t, weight})
		}
	}
	for i := range dst {
		dst[i].of /= whole
	}
	return dst
}

// terms are what the score of one product for another is the sum of: the traits that both
// have.
func (m *resemblance) terms(of, id string) (terms []Term) {
	number, other := m.numbers[of], m.numbers[id]
	for _, p := range m.parts(nil, number) {
		if slices.Contains(m.traits[other], p.trait) {
			terms = append(terms, Term{string(m.names[p.trait]), p.of, 1})
		}
	}
	return terms
}

// likeness is the scratch of one question about resemblance.
type likeness struct {
	parts []traitPart
	sums  []float64 // by product; zero but for those found
	found []uint32
	best  []ranked
}

// begin makes it ready for so many products.
func (s *likeness) begin(products int) {
	for _, number := range s.found {
		s.sums[number] = 0
	}
	s.sums, s.found = extend(s.sums, products), s.found[:0]
}

func (s *likeness) add(number uint32, weight float64) {
	if s.sums[number] == 0 {
		s.found = append(s.found, number)
	}
	s.sums[number] += weight
}

// appendLikeness says in words what two products have in common.
func appendLikeness(dst []byte, a, b *shelved) []byte {
	if a == nil || b == nil {
		return dst
	}
	p, q := &a.product, &b.product
	sep := ": "
	for _, shared := range []struct {
		what string
		is   bool
	}{
		{"same category", p.Category != "" && strings.EqualFold(p.Category, q.Category)},
		{"same brand", p.Brand != "" && strings.EqualFold(p.Brand, q.Brand)},
		{"similar name", slices.ContainsFunc(wordsOf(p.Name), func(word string) bool { return slices.Contains(wordsOf(q.Name), word) })},
		{"similar price", similarPrices(p, q)},
	} {
		if shared.is {
			dst = append(append(dst, sep...), shared.what...)
			sep = ", "
		}
	}
	return dst
}

// similarPrices reports whether two prices lie within one band.
func similarPrices(p, q *sessions.Product) bool {
	if p.Price == nil || q.Price == nil || p.Currency != q.Currency || *p.Price <= 0 || *q.Price <= 0 {
		return false
	}
	low, high := min(*p.Price, *q.Price), max(*p.Price, *q.Price)
	return float64(high) <= priceStep*float64(low)
}
