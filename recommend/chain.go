package recommend

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Context is the place in the shop where an answer will be shown.
type Context string

// The contexts.
const (
	Home     Context = "home"     // the start page, or any that is about no product
	Product  Context = "product"  // the page of a product
	Cart     Context = "cart"     // the page of the shopper's cart
	Checkout Context = "checkout" // where the shopper pays
	Email    Context = "email"    // a mail to a shopper who is elsewhere
	Search   Context = "search"   // the results of a search, or their absence
	Content  Context = "content"  // an article, a guide, or anything else to read
)

// Contexts lists all contexts.
func Contexts() []Context {
	return []Context{Home, Product, Cart, Checkout, Email, Search, Content}
}

func (c Context) known() bool {
	switch c {
	case Home, Product, Cart, Checkout, Email, Search, Content:
		return true
	}
	return false
}

// aboutCart reports whether what is in the cart matters more than what was looked at.
func (c Context) aboutCart() bool { return c == Cart || c == Checkout || c == Email }

// Chains are the strategies of contexts. In a chain each fills what those before it
// left empty. [PopularNow] and [InCatalog] follow on every chain that does not name them,
// so that no answer is empty while there is something to sell.
type Chains map[Context][]Strategy

// DefaultChains returns the chains of a shop that sets none. In the cart and at the checkout
// nothing is shown because the catalog describes it as it does what is in the cart, and at
// the checkout nothing because it was viewed together with that: it would be what the
// shopper decided against.
func DefaultChains() Chains {
	browsing := []Strategy{LikelyNext, ViewTogether, BuyTogether, SimilarProducts, PopularNow, InCatalog}
	return Chains{
		Home:     append([]Strategy{BuyAgain}, browsing...),
		Product:  {ViewTogether, BuyTogether, LikelyNext, SimilarProducts, CategoryPopular, PopularNow, InCatalog},
		Cart:     {BuyTogether, LikelyNext, ViewTogether, PopularNow, InCatalog},
		Checkout: {BuyTogether, LikelyNext, PopularNow, InCatalog},
		Email:    {BuyAgain, BuyTogether, LikelyNext, ViewTogether, SimilarProducts, PopularNow, InCatalog},
		Search:   browsing,
		Content:  browsing,
	}
}

// Texts writes chains as [ParseChains] reads them, in the order of [Contexts].
func (c Chains) Texts() []string {
	var texts []string
	for _, context := range Contexts() {
		if chain, ok := c[context]; ok {
			names := make([]string, len(chain))
			for i, s := range chain {
				names[i] = string(s)
			}
			texts = append(texts, string(context)+"="+strings.Join(names, " "))
		}
	}
	return texts
}

// ParseChains reads chains that are written as “cart=bought_together popular”: a context
// and its strategies, with spaces between. The error names everything that is wrong.
func ParseChains(texts []string) (Chains, error) {
	chains, wrong := Chains{}, []error{}
	for _, text := range texts {
		name, list, found := strings.Cut(text, "=")
		context := Context(strings.TrimSpace(name))
		if !found || !context.known() {
			wrong = append(wrong, fmt.Errorf("%q is no context with its strategies; write “cart=bought_together popular”, the context being one of %s", text, listed(Contexts())))
			continue
		}
		if _, twice := chains[context]; twice {
			wrong = append(wrong, fmt.Errorf("%s has two chains", context))
		}
		chain, err := parseChain(list)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", context, err))
		}
		chains[context] = chain
	}
	return chains, errors.Join(wrong...)
}

// parseChain reads the strategies of one context.
func parseChain(text string) (chain []Strategy, err error) {
	for name := range strings.FieldsSeq(text) {
		s := Strategy(name)
		switch {
		case !slices.Contains(Strategies(), s):
			return nil, fmt.Errorf("there is no strategy %q; there are %s", name, listed(Strategies()))
		case slices.Contains(chain, s):
			return nil, fmt.Errorf("%s is named twice", s)
		}
		chain = append(chain, s)
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("it names no strategy; there are %s", listed(Strategies()))
	}
	return chain, nil
}

// complete returns a chain for every context: those given, else the default ones, each
// with the strategies that never find nothing at its end.
func (c Chains) complete() Chains {
	all := DefaultChains()
	maps.Copy(all, c)
	for context, chain := range all {
		chain = slices.Clone(chain)
		for _, last := range []Strategy{PopularNow, InCatalog} {
			if !slices.Contains(chain, last) {
				chain = append(chain, last)
			}
		}
		all[context] = chain
	}
	return all
}

// listed names everything of a list, for people.
func listed[T ~string](names []T) string {
	var b strings.Builder
	for i, name := range names {
		switch {
		case i > 0 && i == len(names)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(name))
	}
	return b.String()
}
