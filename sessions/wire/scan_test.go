package wire

import (
	"bytes"
	"encoding/json"
	"testing"
)

// seeds are texts at the edges of JSON's grammar.
var seeds = []string{
	``, ` `, `{}`, ` { } `, `{"a":1}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1 "b":2}`, `{"a":1}x`, `{"a":1}{}`,
	`[]`, `[1,2]`, `[1,]`, `[,1]`, `{"a":[1,{"b":[]}],"c":"\u00e9\n\"\\"}`, `{"a":"\x"}`, `{"a":"\u00g0"}`, `{"a":"\u12"}`,
	"{\"a\":\"\n\"}", `{"a":01}`, `{"a":-}`, `{"a":-0}`, `{"a":1.}`, `{"a":.5}`, `{"a":1e}`, `{"a":1E+5}`, `{"a":1.5e-3}`,
	`{"a":tru}`, `{"a":true}`, `{"a":null,"b":false}`, `{"a":nulll}`, `{"\u0061":1}`, `{"a":"`, `{"a":"\`, `{"a":[}`, `{"a":{]}`, `{'a':1}`,
}

func TestScanAgreesWithJSON(t *testing.T) {
	for _, s := range seeds {
		checkScan(t, []byte(s))
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(checkScan)
}

// checkScan holds the scanner against encoding/json: it must accept the same
// texts and find the same members with the same values.
func checkScan(t *testing.T, src []byte) {
	if bytes.Count(src, []byte("{"))+bytes.Count(src, []byte("[")) > maxDepth {
		return // deeper than either side needs to agree on
	}
	got := map[string]string{}
	ok := members(src, func(key, value []byte) {
		if json.Valid(src) && !json.Valid(value) {
			t.Errorf("%q: value %q is no JSON", src, value)
		}
		// encoding/json replaces invalid UTF-8 in keys; so does a conversion to runes.
		got[string([]rune(string(key)))] = string(bytes.TrimSpace(value))
	})
	var want map[string]json.RawMessage
	object := json.Unmarshal(src, &want) == nil && want != nil
	if ok != object {
		t.Fatalf("members(%q) = %v, encoding/json says %v", src, ok, object)
	}
	if ok && len(got) != len(want) {
		t.Fatalf("members(%q) found %v, encoding/json %v", src, got, want)
	}
	for key, value := range want {
		if ok && got[key] != string(value) {
			t.Errorf("members(%q)[%q] = %q, encoding/json says %q", src, key, got[key], value)
		}
	}
	checkElements(t, src)
}

func checkElements(t *testing.T, src []byte) {
	n := 0
	ok := elements(src, func([]byte) { n++ })
	var want []json.RawMessage
	array := json.Unmarshal(src, &want) == nil && want != nil
	if ok != array || ok && n != len(want) {
		t.Fatalf("elements(%q) = %v with %d, encoding/json says %v with %d", src, ok, n, array, len(want))
	}
}

func TestScanBoundsDepth(t *testing.T) {
	for depth, want := range map[int]bool{maxDepth: true, maxDepth + 1: false} {
		nested := append(bytes.Repeat([]byte("["), depth), bytes.Repeat([]byte("]"), depth)...)
		src := append(append([]byte(`{"a":`), nested...), '}')
		if got := members(src, func(_, _ []byte) {}); got != want {
			t.Errorf("depth %d: %v, want %v", depth, got, want)
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	src := []byte(`{"a":"text","b":[1,2,{"c":null}],"d":-1.5e3}`)
	if n := testing.AllocsPerRun(100, func() { members(src, func(_, _ []byte) {}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
