package wire

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAmountOf(t *testing.T) {
	for _, c := range []struct {
		in     string
		places int
		want   int64
		ok     bool
	}{
		{`18.99`, 2, 1899, true},
		{`"18.99"`, 2, 1899, true},
		{`" 18.99 "`, 2, 1899, true},
		{`1.005`, 2, 101, true}, // as a float it is 1.00499999999999989
		{`1.004999`, 2, 100, true},
		{`0.005`, 2, 1, true},
		{`0.0049`, 2, 0, true},
		{`0.05e-1`, 2, 1, true},
		{`1e2`, 2, 10000, true},
		{`1E+2`, 0, 100, true},
		{`2.5`, 0, 3, true},
		{`1.2345`, 3, 1235, true},
		{`0`, 2, 0, true},
		{`-0.00`, 2, 0, true},
		{`0e999999999999`, 2, 0, true},
		{`1e-999999999999`, 2, 0, true},
		{`10000000000.00`, 2, maxAmount, true},
		{`10000000000.01`, 2, 0, false},
		{`0.` + strings.Repeat("0", 100) + `1e102`, 0, 10, true},
		{`1` + strings.Repeat("0", 50) + `e-50`, 2, 100, true},
		{`-1`, 2, 0, false},
		{`-0.001`, 2, 0, false},
		{`1e999999999999`, 2, 0, false},
		{`"12,50"`, 2, 0, false},
		{`"€5"`, 2, 0, false},
		{`""`, 2, 0, false},
		{`"+5"`, 2, 0, false},
		{`".5"`, 2, 0, false},
		{`"5."`, 2, 0, false},
		{`"1e"`, 2, 0, false},
		{`"0x10"`, 2, 0, false},
		{`"NaN"`, 2, 0, false},
		{`true`, 2, 0, false},
		{`null`, 2, 0, false},
	} {
		got, ok := amountOf([]byte(c.in), c.places)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("amountOf(%s, %d) = %d, %v, want %d, %v", c.in, c.places, got, ok, c.want, c.ok)
		}
	}
}

func TestQuantityOf(t *testing.T) {
	for in, want := range map[string]int64{
		`0`: 0, `2`: 2, `2.0`: 2, `2e0`: 2, `20e-1`: 2, `"3"`: 3, `1000000`: maxQuantity,
		`1000001`: -1, `2.5`: -1, `0.1`: -1, `-1`: -1, `1e30`: -1, `"x"`: -1, `[]`: -1,
	} {
		got, ok := quantityOf([]byte(in))
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("quantityOf(%s) = %d, %v, want %d", in, got, ok, want)
		}
	}
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"1.005", "-0.5", "12e3", "0.0000000000000000000000000000000000000000000005e45", "99999999999999999.5", "1e-3"} {
		f.Add(s, uint8(2))
	}
	f.Fuzz(func(t *testing.T, s string, places uint8) { checkScaled(t.Errorf, s, int(places%5)) })
}

func TestDecimalAgreesWithFractions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`-?(0|[1-9][0-9]{0,22})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "number")
		checkScaled(t.Errorf, s, rapid.IntRange(0, 4).Draw(t, "places"))
	})
}

// checkScaled holds a decimal against the fraction that its text means, rounded
// half away from zero.
func checkScaled(errorf func(string, ...any), s string, places int) {
	d, ok := parseDecimal([]byte(s))
	if !ok || len(s) > 60 || d.point > 500 || d.point < -500 {
		return // the oracle would compute for ever
	}
	fraction, ok := new(big.Rat).SetString(s)
	if !ok {
		errorf("%q is a decimal but no fraction", s)
		return
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	fraction.Mul(fraction, new(big.Rat).SetInt(power))
	half := big.NewRat(1, 2)
	whole := new(big.Int)
	magnitude := new(big.Rat).Add(new(big.Rat).Abs(fraction), half)
	whole.Quo(magnitude.Num(), magnitude.Denom())
	if fraction.Sign() < 0 {
		whole.Neg(whole)
	}
	got, ok := d.scaled(places)
	if !ok {
		if whole.CmpAbs(big.NewInt(1e17)) < 0 {
			errorf("%q · 10^%d refused, want %s", s, places, whole)
		}
		return
	}
	if whole.Cmp(big.NewInt(got)) != 0 {
		errorf("%q · 10^%d = %d, want %s", s, places, got, whole)
	}
}
