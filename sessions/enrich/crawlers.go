package enrich

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The list as published; its licence stands beside it.
//
//go:embed crawler-user-agents/crawler-user-agents.json
var crawlerList string

// gramLen is the length in bytes of the beginnings by which literals are looked
// up. The shortest literals of the list ("Y!J") are this long.
const gramLen = 3

// crawlers recognises the user agents of the list. A user agent is passed over
// once; at each of its bytes the next three are looked up among the beginnings
// of all literals. Only the 20 or so patterns that are more than literals run a
// regular expression, and only after one of their literals was met. It is
// read-only after newCrawlers and safe for concurrent use.
type crawlers struct {
	patterns []pattern
	grams    map[[gramLen]byte][]literal
}

// A literal leads from a text to the pattern that needs it.
type literal struct {
	text    string
	pattern int
}

// newCrawlers compiles the bundled list, leaving out the entries whose pattern
// is among allowed. It takes some 5 ms.
func newCrawlers(allowed []string) (*crawlers, error) {
	var entries []struct {
		Pattern string   `json:"pattern"`
		Tags    []string `json:"tags"`
	}
	if err := json.Unmarshal([]byte(crawlerList), &entries); err != nil {
		return nil, fmt.Errorf("read the crawler list: %w", err)
	}
	c := &crawlers{grams: make(map[[gramLen]byte][]literal, len(entries))}
	left := slices.Clone(allowed)
	for _, entry := range entries {
		if i := slices.Index(left, entry.Pattern); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		if err := c.add(entry.Pattern); err != nil {
			return nil, err
		}
		c.patterns[len(c.patterns)-1].library = slices.Contains(entry.Tags, "http-library")
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("allow crawler %q: the list has no such pattern", left[0])
	}
	return c, nil
}

// add compiles one pattern and files its literals under their beginnings.
func (c *crawlers) add(expression string) error {
	p, err := compilePattern(expression)
	if err != nil {
		return err
	}
	for _, text := range p.literals {
		gram := [gramLen]byte([]byte(text[:gramLen]))
		c.grams[gram] = append(c.grams[gram], literal{text, len(c.patterns)})
	}
	c.patterns = append(c.patterns, p)
	return nil
}

// match returns the name of the crawler that userAgent is, or "" if it is none
// of the list, and whether the list calls it an HTTP library. When several patterns match, the one that stands first in the
// list names it, so that the answer does not depend on where a text is found.
func (c *crawlers) match(userAgent string) (name string, library bool) {
	found := len(c.patterns)
	for i := 0; i+gramLen <= len(userAgent); i++ {
		rest := userAgent[i:]
		for _, l := range c.grams[[gramLen]byte{rest[0], rest[1], rest[2]}] {
			if l.pattern < found && strings.HasPrefix(rest, l.text) && c.patterns[l.pattern].confirmed(userAgent) {
				found, name, library = l.pattern, l.text, c.patterns[l.pattern].library
			}
		}
	}
	return strings.Trim(name, " /;:,()"), library
}

// confirmed tells whether a user agent that contains one of p's literals matches p.
func (p pattern) confirmed(userAgent string) bool {
	return p.confirm == nil || p.confirm.MatchString(userAgent)
}
