package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/jobs/mail"
	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// filled is what a cart's mail says if these products are recommended.
func filled(t *testing.T, s mailSubject, items []recommend.Item, err error) mail.Content {
	t.Helper()
	db := testdb.SQLite(t)
	log, errLog := sessions.OpenLog(t.Context(), db, sessions.LogOptions{Projections: projections(db)})
	if errLog != nil {
		t.Fatal(errLog)
	}
	defer log.Close()
	price, foreign := int64(700), int64(5)
	entries := []sessions.Product{{ID: "cup", Name: "Cup", Price: &price, Currency: "EUR", ImageURL: "data:image/png;base64,x", URL: "/p/cup"},
		{ID: "pot", Name: "Pot", Price: &foreign, Currency: "USD", URL: "javascript:alert(1)"}}
	for i := range entries {
		e := &sessions.Event{Kind: sessions.ProductUpdated, Source: sessions.Backend}
		e.Product = &entries[i]
		if _, err := log.Append(t.Context(), sessions.Batch{Events: []*sessions.Event{e}}); err != nil {
			t.Fatal(err)
		}
	}
	c := composer{mailWriter: mailWriter{purse: must(mail.NewPurse("en", wire.Exponent)), config: MailConfig{ShopURL: "https://shop.example/eu/"}},
		catalog: recommend.NewCatalog(db), logger: slog.New(slog.DiscardHandler),
		recommend: func(_ context.Context, q recommend.Request) (recommend.Answer, error) {
			if len(q.Exclude) != len(s.Lines) || q.Context != recommend.Email || q.Customer != s.Customer {
				t.Errorf("asked for %+v", q)
			}
			return recommend.Answer{Items: items}, err
		}}
	content := mail.Content{More: 99}
	if err := c.fill(t.Context(), &content, s); err != nil {
		t.Fatal(err)
	}
	return content
}

func units(id string, quantity int64, price int64) sessions.Line {
	l := sessions.Line{Product: sessions.ProductID(id), Quantity: quantity}
	if price >= 0 {
		l.UnitPrice = &price
	}
	return l
}

func TestTotalsOfMails(t *testing.T) {
	many := make([]sessions.Line, 12)
	for i := range many {
		many[i] = units(fmt.Sprint("p", i), 1, 100)
	}
	for name, test := range map[string]struct {
		lines       []sessions.Line
		total       string
		shown, more int
	}{
		"one":                         {[]sessions.Line{units("cup", 3, 250)}, "€7.50", 1, 0},
		"a price of the catalog":      {[]sessions.Line{units("cup", 2, -1)}, "€14.00", 1, 0},
		"a price in another currency": {[]sessions.Line{units("cup", 2, 100), units("pot", 1, -1)}, "", 2, 0},
		"more than are shown":         {many, "€12.00", mailLines, 4},
		"no number":                   {[]sessions.Line{units("cup", 1_000_000, math.MaxInt64/2)}, "", 1, 0},
		"a sum that is no number":     {[]sessions.Line{units("cup", 1, math.MaxInt64), units("pot", 1, 1)}, "", 2, 0},
		"for nothing":                 {[]sessions.Line{units("cup", 1, 0)}, "€0.00", 1, 0},
	} {
		c := filled(t, mailSubject{Lines: test.lines, Currency: "EUR"}, nil, nil)
		if c.Total.String() != test.total || len(c.Lines) != test.shown || c.More != test.more {
			t.Errorf("%s: total %q, %d lines and %d more", name, c.Total, len(c.Lines), c.More)
		}
	}
}

// Only whole addresses of the web are shown; those from the shop's root on are completed.
func TestAddressesInMails(t *testing.T) {
	c := filled(t, mailSubject{Lines: []sessions.Line{units("cup", 1, 1), units("pot", 1, 1)}, Currency: "EUR"}, nil, nil)
	if c.Lines[0].URL != "https://shop.example/p/cup" || c.Lines[0].Image != "" || c.Lines[1].URL != "" {
		t.Errorf("%+v", c.Lines)
	}
}

func TestVariantsOfMails(t *testing.T) {
	for variant, want := range map[sessions.VariantID]string{"blue, large": "blue, large", "XL": "XL", "40123-77": "", "gid://shopify/Variant/1": "", "": ""} {
		if got := variantOf(sessions.Line{Variant: variant}); got != want {
			t.Errorf("%q is shown as %q", variant, got)
		}
	}
}

func TestRecommendationsOfMails(t *testing.T) {
	item := func(name string, picture bool) recommend.Item {
		p := sessions.Product{ID: sessions.ProductID(name), Name: name}
		if picture {
			p.ImageURL = "https://cdn.shop.example/" + name
		}
		return recommend.Item{Product: &p, Strategy: recommend.BuyTogether}
	}
	unknown, nameless := recommend.Item{ID: "x"}, item("", true)
	for name, test := range map[string]struct {
		items []recommend.Item
		err   error
		want  string
	}{
		"none":                   {nil, nil, ""},
		"one looks lost":         {[]recommend.Item{item("a", true), unknown, nameless}, nil, ""},
		"two":                    {[]recommend.Item{item("a", true), item("b", true)}, nil, "a b"},
		"four at most":           {[]recommend.Item{item("a", true), item("b", true), item("c", true), item("d", true), item("e", true)}, nil, "a b c d"},
		"those with pictures":    {[]recommend.Item{item("a", false), item("b", true), item("c", false), item("d", true)}, nil, "b d"},
		"without any picture":    {[]recommend.Item{item("a", false), item("b", true), item("c", false)}, nil, "a b c"},
		"the recommender failed": {nil, errors.New("away"), ""},
	} {
		var names []string
		for _, p := range filled(t, mailSubject{Lines: []sessions.Line{units("cup", 1, 1)}, Currency: "EUR", Customer: "anna"}, test.items, test.err).Recommended {
			names = append(names, p.Name)
			if p.Reason != "Often bought together" || p.Way != "bought_together" {
				t.Errorf("%s: %+v", name, p)
			}
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	for _, s := range recommend.Strategies() { // every one has words, but the last resort
		if (reasonFor(s) == "") != (s == recommend.InCatalog) {
			t.Errorf("%s: %q", s, reasonFor(s))
		}
	}
}
