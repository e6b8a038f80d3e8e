package recommend

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFactsAreWhatAttributesSay(t *testing.T) {
	for attributes, want := range map[string]string{
		`{"b":"x","a":1.50}`:                    `[{b {1 x}} {a {2 15e-1}}]`,
		`{"a":[true,"t",2,null,{"x":1},["y"]]}`: `[{a {3 true}} {a {1 t}} {a {2 2}}]`,
		`{"a":null,"b":{"c":1}}`:                `[]`,
		`{"a":"x","a":"y"}`:                     `[{a {1 y}}]`,
		`{"a":"\u00e4\"","":[]}`:                `[{a {1 ä"}}]`,
		`{"a":1e9999999}`:                       `[]`,
		``:                                      `[]`, `[1]`: `[]`, `{`: `[]`,
	} {
		if got := fmt.Sprint(factsOf(json.RawMessage(attributes))); got != want {
			t.Errorf("%s: %s, want %s", attributes, got, want)
		}
	}
	many := make([]int, 1000)
	list, _ := json.Marshal(map[string]any{"a": many, "b": "x"})
	if got := len(factsOf(list)); got != knownFacts {
		t.Errorf("%d facts are known, want %d", got, knownFacts)
	}
}

// naiveFacts are the facts as encoding/json reads them, in no order.
func naiveFacts(attributes []byte) (facts []string) {
	var fields map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(attributes)))
	decoder.UseNumber()
	if !json.Valid(attributes) || decoder.Decode(&fields) != nil {
		return nil
	}
	for name, value := range fields {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, one := range list {
			switch one := one.(type) {
			case string:
				facts = append(facts, fmt.Sprint(fact{name, Text(one)}))
			case bool:
				facts = append(facts, fmt.Sprint(fact{name, Truth(one)}))
			case json.Number:
				if v, ok := Number(one.String()); ok {
					facts = append(facts, fmt.Sprint(fact{name, v}))
				}
			}
		}
	}
	return facts
}

func TestFactsAreThoseOfEncodingJSON(t *testing.T) {
	piece := rapid.SampledFrom([]string{`"a"`, `"b"`, `"\u0061"`, `"\"]"`, `"\\"`, "1", "-2.50", "1e3", "true", "false", "null", "{", "}", "[", "]", ":", ",", " ", "\n", `"a":1`, `"b":[1,"x"]`, `"c":{"a":[]}`, "{}", "[]"})
	rapid.Check(t, func(rt *rapid.T) {
		text := "{" + strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(rt, "pieces"), rapid.SampledFrom([]string{"", ","}).Draw(rt, "between")) + "}"
		sameFacts(rt, []byte(text))
	})
}

// FuzzFacts reads any text as attributes.
func FuzzFacts(f *testing.F) {
	for _, seed := range []string{`{"a":[true,"t",2,null,{"x":1},["y"]]}`, ` { "b" : "x\"" , "a" : 1.50 } `, `{"a":"x","a":[]}`, `{"a":{"b":"}"}}`, `{`, `[1]`, ``, `{"":""}`, `{"a":-0e0}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, attributes []byte) {
		if len(attributes) < 200 && strings.ToValidUTF8(string(attributes), "") == string(attributes) {
			sameFacts(t, attributes)
		}
	})
}

func sameFacts(t interface {
	Fatalf(format string, args ...any)
}, attributes []byte) {
	var got []string
	for _, f := range factsOf(attributes) {
		got = append(got, fmt.Sprint(f))
	}
	want := naiveFacts(attributes)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%s says %q, want %q", attributes, got, want)
	}
}
