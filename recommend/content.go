package recommend

import (
	"net/url"
	"slices"
	"strings"

	"cartwright/sessions"
)

// contents are the entries of the catalog that are something to read: those whose
// attribute content is true. They are items as products are, clicked on by whoever opens
// their page, but answers are of the one kind or the other.
type contents struct {
	ids   []string            // sorted
	paths map[string][]string // the entries of a page, sorted: the first one is read there
}

func newContents() contents { return contents{paths: map[string][]string{}} }

// enter takes an entry in.
func (c *contents) enter(p *sessions.Product) {
	id := string(p.ID)
	c.ids = with(c.ids, id)
	if path := pathOf(p.URL); path != "" {
		c.paths[path] = with(c.paths[path], id)
	}
}

// leave takes an entry out.
func (c *contents) leave(p *sessions.Product) {
	id := string(p.ID)
	c.ids = without(c.ids, id)
	path := pathOf(p.URL)
	if left := without(c.paths[path], id); len(left) > 0 {
		c.paths[path] = left
	} else {
		delete(c.paths, path)
	}
}

// with is a sorted list with an id, which may be there.
func with(ids []string, id string) []string {
	i, found := slices.BinarySearch(ids, id)
	if found {
		return ids
	}
	return slices.Insert(ids, i, id)
}

// without is a sorted list without an id, which need not be there.
func without(ids []string, id string) []string {
	if i, found := slices.BinarySearch(ids, id); found {
		return slices.Delete(ids, i, i+1)
	}
	return ids
}

// at is the entry of a path, "" if there is none.
func (c *contents) at(path string) string {
	if ids := c.paths[path]; len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// read is the entry whose page was opened, "" if it is none.
func (c *contents) read(p *sessions.PageInfo) string {
	if p == nil || len(c.paths) == 0 {
		return ""
	}
	if id := c.at(pathOf(p.Path)); id != "" {
		return id
	}
	return c.at(pathOf(p.URL))
}

// pathOf is the path of an address or a path, as two that lead to one page share it: without
// host, query, fragment and a slash at the end. It is "" for a shop's start page.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

// content reports whether an item is something to read.
func (s *shelf) content(item string) bool {
	if len(s.contents.ids) == 0 {
		return false
	}
	e := s.entries[item]
	return e != nil && e.content
}

// page is the item that a request is about: where it is the path of a page, its entry.
func (a *answering) page() string {
	item := string(a.request.Item)
	if a.request.Context != Content {
		return item
	}
	if id := a.shelf.contents.at(pathOf(item)); id != "" {
		return id
	}
	return item
}

// about reports whether the request is about one item, that of its page.
func (a *answering) about() bool {
	return a.request.Context == Product || a.request.Context == Content && a.request.Item != ""
}
