package wire

import (
	"strings"
	"testing"

	"golang.org/x/text/currency"
)

func TestExponent(t *testing.T) {
	for code, want := range map[string]int{
		"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0, "KRW": 0, "KWD": 3, "TND": 3, "CLF": 4, "RSD": 2, "SLE": 2, "XCG": 2,
	} {
		if got, ok := Exponent(code); !ok || got != want {
			t.Errorf("Exponent(%s) = %d, %v, want %d", code, got, ok, want)
		}
	}
	for _, code := range []string{"", "EU", "EURO", "eur", "ZZZ", "XXX", "XTS", "D A", "ED ", " AF", "R U"} {
		if got, ok := Exponent(code); ok {
			t.Errorf("Exponent(%q) = %d, want none", code, got)
		}
	}
}

// TestExponentAgainstLocales holds the table against the one that comes with
// locales. The two differ, on purpose, only where people leave out a minor unit
// that ISO 4217 keeps, and for codes younger than that table.
func TestExponentAgainstLocales(t *testing.T) {
	const shownWithout = "AFN ALL AMD COP GYD IDR IQD IRR KPW LAK LBP MGA MMK MNT MUR PKR RSD SLL SOS SYP TZS UZS YER "
	seen := map[string]bool{}
	for code := range strings.FieldsSeq(hundreds + wholeUnits + thousands + fourDigits) {
		if seen[code] {
			t.Errorf("%s is listed twice", code)
		}
		seen[code] = true
		unit, err := currency.ParseISO(code)
		if err != nil {
			continue
		}
		places, _ := Exponent(code)
		if scale, _ := currency.Standard.Rounding(unit); scale != places && !listed(shownWithout, code) {
			t.Errorf("%s: %d digits, with locales %d", code, places, scale)
		}
	}
	if len(seen) < 170 {
		t.Errorf("%d currencies", len(seen))
	}
}
