package api

import (
	"fmt"
	"net/http"
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

// onlyAsks refuses a query with a parameter that is not known: a list that passed it
// over would answer with everything to whoever asked for some of it.
func onlyAsks(query string, known []string) error {
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if pair == "" || err != nil || strings.Contains(pair, ";") { // which nobody reads
			continue
		}
		if name != "writeKey" && !slices.Contains(known, name) {
			return problem(http.StatusBadRequest, "unknown_parameter",
				fmt.Sprintf("there is no parameter %.40q here; known are %s", name, strings.Join(known, ", ")))
		}
	}
	return nil
}
