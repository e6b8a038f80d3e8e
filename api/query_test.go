package api

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestQueriesAreReadAsByParseQuery(t *testing.T) {
	piece := rapid.SampledFrom([]string{"n", "item", "m", "=", "=", "&", "&", ";", "%", "%41", "%6e", "%zz", "+", "é", "\x00", "5"})
	rapid.Check(t, func(rt *rapid.T) {
		query := strings.Join(rapid.SliceOfN(piece, 0, 20).Draw(rt, "query"), "")
		known := []argument{{name: "n"}, {name: "item"}}
		read(query, known)
		values, _ := url.ParseQuery(query) // what it can read
		for _, p := range known {
			if p.value != values.Get(p.name) || p.given != values.Has(p.name) {
				rt.Fatalf("%q gives %+v, want %q", query, p, values[p.name])
			}
		}
	})
}
