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
	ids   []string          // sorted
	paths map[string]string // the entry of a page
}

func newContents() contents { return contents{paths: map[string]string{}} }

// enter takes an entry in.
func (c *contents) enter(p *sessions.Product) {
	id := string(p.ID)
	if i, found := slices.BinarySearch(c.ids, id); !found {
		c.ids = slices.Insert(c.ids, i, id)
	}
	if path := pathOf(p.URL); path != "" {
		c.paths[path] = id
	}
}

// leave takes an entry out.
func (c *contents) leave(p *sessions.Product) {
	id := string(p.ID)
	if i, found := slices.BinarySearch(c.ids, id); found {
		c.ids = slices.Delete(c.ids, i, i+1)
	}
	if path := pathOf(p.URL); c.paths[path] == id {
		delete(c.paths, path)
	}
}

// read is the entry whose page was opened, "" if it is none.
func (c *contents) read(p *sessions.PageInfo) string {
	if p == nil || len(c.paths) == 0 {
		return ""
	}
	if id, ok := c.paths[pathOf(p.Path)]; ok {
		return id
	}
	return c.paths[pathOf(p.URL)]
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
	if id, ok := a.shelf.contents.paths[pathOf(item)]; ok {
		return id
	}
	return item
}

// about reports whether the request is about one item, that of its page.
func (a *answering) about() bool {
	return a.request.Context == Product || a.request.Context == Content && a.request.Item != ""
}
