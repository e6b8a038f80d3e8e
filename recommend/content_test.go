package recommend

import (
	"strings"
	"testing"

	"cartwright/sessions"
)

// guide is something to read, on a page of its own.
func guide(id, path string, attributes ...string) sessions.Product {
	return sessions.Product{
		ID: sessions.ProductID(id), Name: "Guide " + id, URL: "https://shop.example" + path,
		Attributes: []byte(`{` + strings.Join(append(attributes, `"content":true`), ",") + `}`),
	}
}

// opens is a shopper's page view.
func opens(who, url, path string) *sessions.Event {
	e := event(sessions.Page, who)
	e.Page = &sessions.PageInfo{URL: url, Path: path}
	return e
}

// library is a shop with guides whose readers look at products, too.
func library(t *testing.T) *tale {
	s := newTale(t).sells(guide("brewing", "/guides/brewing"), guide("grinding", "/guides/grinding/", `"tags":["new"]`), guide("unread", "/guides/unread"))
	s.sells(sessions.Product{ID: "mill", Name: "Mill"}, sessions.Product{ID: "pot", Name: "Pot"})
	for _, who := range []string{"x", "y", "z"} {
		s.happens(opens(who, "https://shop.example/guides/brewing?from=mail#top", "")).views(who, "pot")
		s.happens(opens(who, "", "/guides/grinding")).views(who, "mill")
	}
	return s.happens(opens("x", "", "/guides/nowhere"), opens("x", "", "/"), event(sessions.Page, "x"))
}

// Of several entries with one page the first by its id is read there, in whatever order they came.
func TestEntriesThatShareAPage(t *testing.T) {
	for _, order := range [][]sessions.Product{
		{guide("a", "/g"), guide("b", "/g")}, {guide("b", "/g"), guide("a", "/g")}, {guide("b", "/g"), guide("a", "/x"), guide("a", "/g")},
	} {
		s := newTale(t).sells(order...)
		if got := s.r.shelf.contents.at("/g"); got != "a" {
			t.Errorf("%v: on their page %q is read", order, got)
		}
		if got := s.sells(guide("a", "/elsewhere")).r.shelf.contents.at("/g"); got != "b" {
			t.Errorf("%v: once one moved away %q is read", order, got)
		}
		again, err := s.r.shelf.state()
		if err != nil {
			t.Fatal(err)
		}
		if restored, err := shelfOf(again); err != nil || restored.contents.at("/g") != "b" {
			t.Errorf("%v: from a snapshot %q is read, %v", order, restored.contents.at("/g"), err)
		}
	}
}

func TestWhoReadsFindsMoreToRead(t *testing.T) {
	s := library(t)
	for _, c := range []struct {
		name string
		q    Request
		want string
	}{
		{"who just came", Request{}, "brewing grinding unread mill pot"},
		{"who reads, by the entry", Request{Item: "brewing"}, "grinding unread pot mill"},
		{"who reads, by the page", Request{Item: "/guides/brewing"}, "grinding unread pot mill"},
		{"who reads what nobody knows", Request{Item: "/guides/nowhere"}, "brewing grinding unread mill pot"},
		{"who looked at a product", Request{Items: []sessions.ProductID{"mill"}}, "grinding brewing unread pot mill"},
		{"who wants what is new", Request{Filter: Filter{Tags: []string{"new"}}}, "grinding"},
		{"who wants two", Request{N: 2}, "brewing grinding"},
	} {
		c.q.Context = Content
		s.expect(c.name, c.q, c.want)
	}
	items := s.asks(Request{Context: Content, Item: "/guides/brewing", N: 1})
	if got, want := explained(items), aligned("grinding | likely_next | seen in 3 similar sessions"); got != want {
		t.Errorf("%swant:\n%s", got, want)
	}
	for _, context := range Contexts() {
		if got := ids(s.asks(Request{Context: context, Item: "pot"})); context != Content && strings.ContainsAny(got, "bgu") {
			t.Errorf("%s: something to read among products: %s", context, got)
		}
	}
	// What was read leads to products.
	if items := s.asks(Request{Context: Home, Items: []sessions.ProductID{"grinding"}, N: 1}); ids(items) != "mill" || items[0].Strategy != LikelyNext {
		t.Errorf("after a guide:\n%s", explained(items))
	}
}

func TestAPageIsWhatTheCatalogSaysAtThatMoment(t *testing.T) {
	s := newTale(t)
	read := func(path string) string {
		clicks, err := s.r.memory.take(opens("me", "", path), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(clicks) == 0 {
			return ""
		}
		return clicks[0].Item
	}
	expect := func(what, path, want string) {
		t.Helper()
		if got := read(path); got != want {
			t.Errorf("%s: %s is %q, want %q", what, path, got, want)
		}
	}
	expect("nothing to read", "/a", "")
	s.sells(guide("a", "/a"))
	expect("a guide", "/a/", "a")
	s.sells(guide("a", "/b"))
	expect("moved", "/a", "")
	expect("moved", "/b", "a")
	s.sells(guide("c", "/b"))
	expect("another beside it", "/b", "a")
	s.sells(guide("a", "/a"))
	expect("which it leaves alone", "/b", "c")
	s.sells(sessions.Product{ID: "c", URL: "https://shop.example/b"})
	expect("a product now", "/b", "")
	if got := s.r.shelf.contents.ids; len(got) != 1 || got[0] != "a" {
		t.Errorf("to read there is %v", got)
	}
	s.sells(guide("home", "/"), guide("bad", "://"))
	expect("the start page", "/", "")
	expect("no address", "", "")
}
