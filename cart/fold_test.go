package cart_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cartwright/cart"
	"cartwright/sessions"
)

// folded folds events into the cart that the first begins, each a second after
// the one before.
func folded(events ...*sessions.Event) cart.Cart {
	var c cart.Cart
	for i, e := range events {
		e.Seq, e.Received, e.Occurred = sessions.Seq(i+1), sessions.Millis(i*1000), sessions.Millis(i*1000)
		if c.ID == 0 {
			c = cart.Begin(e)
		} else {
			c = c.Fold(e)
		}
	}
	return c
}

// shown is a cart in a line.
func shown(c cart.Cart) string {
	var lines []string
	for _, l := range c.Lines {
		price := "?"
		if l.UnitPrice != nil {
			price = fmt.Sprint(*l.UnitPrice)
		}
		lines = append(lines, fmt.Sprintf("%d %s%s à %s", l.Quantity, l.Product, l.Variant, price))
	}
	value := "?"
	if c.Value != nil {
		value = fmt.Sprint(*c.Value)
	}
	return fmt.Sprintf("%s [%s] %d units %s %s, seen %d", c.Status, strings.Join(lines, ", "), c.Units, value, c.Currency, c.LastActivity/1000)
}

func TestFold(t *testing.T) {
	const browser, backend, imported = sessions.Browser, sessions.Backend, sessions.Imported
	add := func(s sessions.Source, parts ...part) *sessions.Event {
		return event(sessions.ProductAdded, s, parts...)
	}
	remove := func(parts ...part) *sessions.Event { return event(sessions.ProductRemoved, browser, parts...) }
	put := func(s sessions.Source, parts ...part) *sessions.Event {
		return event(sessions.CartUpdated, s, parts...)
	}
	variant := func(v sessions.VariantID) part {
		return func(e *sessions.Event) { e.Lines[len(e.Lines)-1].Variant = v }
	}
	for name, tt := range map[string]struct {
		events []*sessions.Event
		want   string
	}{
		"adds add up, the newest price holds": {
			[]*sessions.Event{add(browser, of("cup", 1, 500)), add(browser, of("cup", 2, 450))},
			"open [3 cup à 450] 3 units 1350 EUR, seen 1"},
		"an unknown price keeps the known one": {
			[]*sessions.Event{add(browser, of("cup", 1, 500)), add(browser, of("cup", 1, -1), of("pot", 1, -1))},
			"open [2 cup à 500, 1 pot à ?] 3 units 1000 EUR, seen 1"},
		"no price known is no value": {
			[]*sessions.Event{add(browser, of("cup", 1, -1))}, "open [1 cup à ?] 1 units ? EUR, seen 0"},
		"a remove takes units": {
			[]*sessions.Event{add(browser, of("cup", 3, 500)), remove(of("cup", 1, -1))},
			"open [2 cup à 500] 2 units 1000 EUR, seen 1"},
		"never below zero": {
			[]*sessions.Event{add(browser, of("cup", 1, 500), of("pot", 1, 900)), remove(of("cup", 5, -1))},
			"open [1 pot à 900] 1 units 900 EUR, seen 1"},
		"a remove of what is not there is nothing, not even activity": {
			[]*sessions.Event{add(browser, of("cup", 1, 500)), remove(of("pot", 1, -1))},
			"open [1 cup à 500] 1 units 500 EUR, seen 0"},
		"all gone is emptied": {
			[]*sessions.Event{add(browser, of("cup", 1, 500)), remove(of("cup", 1, -1))},
			"emptied [] 0 units ? EUR, seen 1"},
		"filled again it is open again, in a currency of its own": {
			[]*sessions.Event{add(browser, of("cup", 1, 500)), remove(of("cup", 1, -1)), add(browser, of("cup", 1, 600), currency("GBP"))},
			"open [1 cup à 600] 1 units 600 GBP, seen 2"},
		"another currency's price is not known": {
			[]*sessions.Event{add(browser, of("cup", 1, 500)), add(browser, currency("GBP"), of("cup", 1, 9), of("pot", 1, 9))},
			"open [2 cup à 500, 1 pot à ?] 3 units 1000 EUR, seen 1"},
		"a snapshot replaces lines and currency": {
			[]*sessions.Event{add(browser, of("cup", 1, 500)), put(backend, currency("GBP"), of("pot", 1, 9), of("pot", 1, 9), of("tea", 0, 9))},
			"open [2 pot à 9] 2 units 18 GBP, seen 1"},
		"variants are lines of their own": {
			[]*sessions.Event{add(browser, of("cup", 1, 500), variant("-red")), add(browser, of("cup", 1, 500), variant("-blue"))},
			"open [1 cup-red à 500, 1 cup-blue à 500] 2 units 1000 EUR, seen 1"},
		"a remove without a variant takes from the first line": {
			[]*sessions.Event{add(browser, of("cup", 1, 500), variant("-red")), remove(of("cup", 1, -1))},
			"emptied [] 0 units ? EUR, seen 1"},
		"the backend's cart: browsers are only activity": {
			[]*sessions.Event{put(backend, of("cup", 2, 500)), add(browser, of("cup", 1, 500)), remove(of("cup", 1, -1)), put(browser)},
			"open [2 cup à 500] 2 units 1000 EUR, seen 3"},
		"imports do not write it either": {
			[]*sessions.Event{put(backend, of("cup", 2, 500)), add(imported, of("cup", 1, 500))},
			"open [2 cup à 500] 2 units 1000 EUR, seen 1"},
		"looking and paying is activity": {
			[]*sessions.Event{add(browser, of("cup", 1, 500)), event(sessions.CartViewed, browser, of("pot", 9, 9)), event(sessions.CheckoutStarted, browser)},
			"open [1 cup à 500] 1 units 500 EUR, seen 2"},
		"absurd prices are not known, quantities are capped": {
			[]*sessions.Event{add(browser, of("cup", math.MaxInt64, math.MaxInt64)), add(browser, of("cup", math.MaxInt64, -1))},
			"open [1000000 cup à ?] 1000000 units ? EUR, seen 1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shown(folded(tt.events...)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestFoldOfAnotherVisitorsBrowserIsOnlyActivity(t *testing.T) {
	mine := event(sessions.ProductAdded, sessions.Browser, of("cup", 1, 500), email("me@example.com"))
	mine.Visitor = 1
	theirs := event(sessions.CartUpdated, sessions.Browser, of("pot", 9, 900), email("them@example.com"))
	theirs.Visitor = 2
	c := folded(mine, theirs)
	if got, want := shown(c), "open [1 cup à 500] 1 units 500 EUR, seen 1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c.Visitor != 1 || c.Email != "me@example.com" {
		t.Errorf("the cart went to visitor %d, %s", c.Visitor, c.Email)
	}
}

func TestFoldOfHistoryTakesNoActivityBack(t *testing.T) {
	live := event(sessions.ProductAdded, sessions.Browser, of("cup", 1, 500))
	old := event(sessions.ProductAdded, sessions.Imported, of("pot", 1, 500))
	live.Seq, live.Received = 1, 5000
	old.Seq, old.Received = 2, 4000
	c := cart.Begin(live).Fold(old)
	if c.LastActivity != 5000 || !c.Live || c.Units != 2 {
		t.Errorf("after older history: %+v", c)
	}
	old.Received = 6000
	if c = c.Fold(old); c.LastActivity != 6000 || c.Live {
		t.Errorf("after newer history: %+v", c)
	}
}

func TestFoldBeginsAnEpisodeWithChangeAfterADecision(t *testing.T) {
	first := event(sessions.ProductAdded, sessions.Browser, of("cup", 1, 500))
	first.Seq = 1
	decided := cart.Begin(first)
	decided.Decided = cart.Fire
	for name, tt := range map[string]struct {
		e    *sessions.Event
		want int64
	}{
		"another unit":       {event(sessions.ProductAdded, sessions.Browser, of("cup", 1, 500)), 2},
		"the same whole":     {event(sessions.CartUpdated, sessions.Browser, of("cup", 1, 400)), 1},
		"only a look":        {event(sessions.CartViewed, sessions.Browser), 1},
		"emptied":            {event(sessions.ProductRemoved, sessions.Browser, of("cup", 1, -1)), 2},
		"a remove of nobody": {event(sessions.ProductRemoved, sessions.Browser, of("pot", 1, -1)), 1},
	} {
		tt.e.Seq = 7
		c := decided.Fold(tt.e)
		if c.Episode != tt.want || (c.Episode == 2) != (c.Decided == "" && c.EpisodeBegan == 7) {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// However absurd the events, the sums are those of the lines, within bounds, and
// the cart before is left as it was.
func TestFoldKeepsItsSums(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := cart.Cart{}
		for i := range rapid.IntRange(1, 20).Draw(r, "n") {
			e := event(rapid.SampledFrom([]sessions.Kind{sessions.ProductAdded, sessions.ProductRemoved, sessions.CartUpdated}).Draw(r, "kind"),
				sessions.Browser, of(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "product"),
					rapid.Int64().Draw(r, "quantity"), rapid.Int64().Draw(r, "price")))
			e.Seq = sessions.Seq(i + 1)
			before := shown(c)
			next := c.Fold(e)
			if shown(c) != before {
				r.Fatalf("Fold changed %s to %s", before, shown(c))
			}
			var units int64
			for _, l := range next.Lines {
				units += l.Quantity
				if l.Quantity <= 0 || l.Quantity > cart.MaxQuantity || l.UnitPrice != nil && *l.UnitPrice < 0 {
					r.Fatalf("line %+v", l)
				}
			}
			if units != next.Units || next.Value != nil && *next.Value < 0 {
				r.Fatalf("units %d, value %v of %s", units, next.Value, shown(next))
			}
			if (next.Status == cart.Open) != (units > 0) {
				r.Fatalf("%s with %d units", next.Status, units)
			}
			c = next
		}
	})
}

func TestFoldKeepsAThousandLines(t *testing.T) {
	c := cart.Cart{}
	for i := range 1200 {
		c = c.Fold(event(sessions.ProductAdded, sessions.Browser, of(fmt.Sprint("p", i), 1, cart.MaxPrice), of("p0", cart.MaxQuantity, -1)))
	}
	if len(c.Lines) != cart.MaxLines {
		t.Errorf("%d lines", len(c.Lines))
	}
	for i := range 20 {
		c = c.Fold(event(sessions.ProductAdded, sessions.Browser, of(fmt.Sprint("p", i), cart.MaxQuantity, -1)))
	}
	if *c.Value != math.MaxInt64 {
		t.Errorf("a value beyond all bounds is %d", *c.Value)
	}
}
