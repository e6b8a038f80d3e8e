package recommend

import (
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
