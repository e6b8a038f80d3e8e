package api

import (
	"net/url"
	"slices"
	"strings"
)

// An argument is a parameter that a route knows in its query. Of several of a name the first
// counts.
type argument struct {
	name  string
	value string
	given bool
}

// read reads known parameters from a query as url.ParseQuery does, without making
// a map of all that there are.
func read(query string, known []argument) {
	for pair := range strings.SplitSeq(query, "&") {
		if strings.Contains(pair, ";") {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			continue
		}
		i := slices.IndexFunc(known, func(p argument) bool { return p.name == name && !p.given })
		if i < 0 {
			continue
		}
		if value, err = url.QueryUnescape(value); err == nil {
			known[i].value, known[i].given = value, true
		}
	}
}
