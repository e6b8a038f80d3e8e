package recommend

import (
	"encoding/json"
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// Two numbers are one value if they are worth the same.
func TestNumbersAreComparedByTheirWorth(t *testing.T) {
	numeral := rapid.Custom(func(t *rapid.T) string {
		return rapid.StringMatching(`-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "numeral")
	})
	rapid.Check(t, func(rt *rapid.T) {
		a, b := numeral.Draw(rt, "a"), numeral.Draw(rt, "b")
		if rapid.Bool().Draw(rt, "shifted") {
			b = a + "0"
		}
		worthA, okA := new(big.Rat).SetString(a)
		worthB, okB := new(big.Rat).SetString(b)
		va, foundA := Number(a)
		vb, foundB := Number(b)
		if foundA != okA || foundB && !okB {
			rt.Fatalf("%q is a number: %v; %q: %v", a, foundA, b, foundB)
		}
		if foundA && foundB && (va == vb) != (worthA.Cmp(worthB) == 0) {
			rt.Fatalf("%s and %s: %v %v", a, b, va, vb)
		}
	})
}

func TestWhatIsNoNumber(t *testing.T) {
	for _, text := range []string{"", "-", "+1", ".5", "1.", "01", "1 ", " 1", "1e", "0x1", "1_000", "NaN", "true", "\"1\"", "1e1000001", "1e99999999999999999999", "٣"} {
		if v, ok := Number(text); ok {
			t.Errorf("%q is %v", text, v)
		}
	}
	for text, want := range map[string]string{"0": "0", "-0": "0", "0e9": "0", "1500": "15e2", "-0.0150": "-15e-3", "9007199254740993": "9007199254740993", "1E+2": "1e2"} {
		if v, ok := Number(text); !ok || v.text != want {
			t.Errorf("%q is %v, want %s", text, v, want)
		}
	}
}

func TestFactsAreWhatAttributesSay(t *testing.T) {
	for attributes, want := range map[string]string{
		`{"b":"x","a":1.50}`:                    `[{a {2 15e-1}} {b {1 x}}]`,
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
