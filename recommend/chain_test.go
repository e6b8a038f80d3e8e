package recommend

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"cartwright/sessions"
)

func TestChainsAreReadAsTheyAreWritten(t *testing.T) {
	chains, err := ParseChains(DefaultChains().Texts())
	if err != nil || !maps.EqualFunc(chains, DefaultChains(), slices.Equal) {
		t.Errorf("%v, %v", chains, err)
	}
	if len(DefaultChains()) != len(Contexts()) {
		t.Errorf("%d contexts have a chain of %d", len(DefaultChains()), len(Contexts()))
	}
	chains, err = ParseChains([]string{" cart = popular  bought_together", "home=catalog"})
	if err != nil || strings.Join(chains.Texts(), ", ") != "home=catalog, cart=popular bought_together" {
		t.Errorf("%q, %v", chains.Texts(), err)
	}
	for text, want := range map[string]string{
		"basement=popular": `"basement=popular"`, "home": "home, product", "home=": "names no strategy", "home=best": `"best"`,
		"home=popular popular": "popular is named twice", "=popular": "context", "home=viewed_together,popular": `"viewed_together,popular"`,
	} {
		if _, err := ParseChains([]string{text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	_, err = ParseChains([]string{"home=popular", "home=catalog", "cart=best", "attic=popular"})
	for _, want := range []string{"home has two chains", `"best"`, `"attic=popular"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}

// No chain ends before everything was found that may be shown.
func TestEveryChainFallsBackToTheCatalog(t *testing.T) {
	for _, strategy := range Strategies() {
		s := newTale(t)
		s.r.chains = Chains{Home: {strategy}}.complete()
		s.sells(sessions.Product{ID: "unseen"}).views("x", "seen")
		for _, context := range Contexts() {
			items := s.asks(Request{Context: context, Item: "other"})
			if len(items) != 2 {
				t.Errorf("%s after %s: %s", context, strategy, ids(items))
			}
		}
		want := "seen unseen"
		if strategy == InCatalog {
			want = "unseen seen"
		}
		s.expect(string(strategy), Request{Context: Home}, want)
	}
}

func TestAChainMayBeSet(t *testing.T) {
	s := teaShop(t).views("anna", "kettle")
	s.r.chains = Chains{Home: {CategoryPopular, BuyTogether}}.complete()
	got := explained(s.asks(Request{Context: Home, Anonymous: "anna", N: 4}))
	want := aligned(`
		kettle | popular_in_category | popular in Kitchen: 41 sessions
		spoon  | popular_in_category | popular in Kitchen: 4 sessions
		cosy   | bought_together     | bought together with Kettle in 12 orders
		teapot | popular             | popular now: 41 sessions`)
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := s.asks(Request{Context: Cart, N: 1}); got[0].Strategy != PopularNow {
		t.Errorf("a newcomer's cart is answered by %s", got[0].Strategy)
	}
}
