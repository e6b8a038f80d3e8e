package mail

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
	"golang.org/x/text/language"
)

// Amount is money as a mail shows it. The zero one is of an unknown price: it
// shows as nothing, and templates take it for false in {{if .Price.Known}}.
type Amount struct {
	Known    bool
	Minor    int64  // in minor units
	Currency string // ISO 4217
	text     string
}

// String is the amount as its locale writes it: €12.50, 12,50 €, ¥1,250.
func (a Amount) String() string { return a.text }

// Purse writes the amounts of one locale.
type Purse struct {
	locale currency.Locale
	places func(code string) (places int, known bool)
}

// NewPurse returns what writes the amounts of a locale, such as en-US or de. Places
// says how many digits of a currency's amounts follow the point; the error is of a
// locale that is none.
func NewPurse(locale string, places func(code string) (int, bool)) (Purse, error) {
	l := currency.NewLocale(locale)
	if _, err := language.Parse(strings.ReplaceAll(locale, "_", "-")); err != nil || len(l.Language) < 2 || len(l.Language) > 3 {
		return Purse{}, fmt.Errorf("%q is no locale: write a language, such as de, or language and country, such as en-GB", locale)
	}
	return Purse{l, places}, nil
}

// Language is that of the locale.
func (p Purse) Language() string { return p.locale.Language }

// Amount writes minor units of a currency; nil is an amount that is not known, and
// so is one of a currency that is none.
func (p Purse) Amount(minor *int64, code string) Amount {
	if minor == nil {
		return Amount{}
	}
	places, known := p.places(code)
	if !known {
		return Amount{}
	}
	amount, err := currency.NewAmount(decimal(*minor, places), code)
	if err != nil { // a currency that has left use, which locales do not know
		return Amount{true, *minor, code, decimal(*minor, places) + "\u00a0" + code}
	}
	f := currency.NewFormatter(p.locale)
	f.MinDigits, f.MaxDigits = uint8(places), uint8(places)
	return Amount{true, *minor, code, f.Format(amount)}
}

// decimal writes minor units with a point before the last places digits.
func decimal(minor int64, places int) string {
	digits := strconv.FormatInt(minor, 10)
	sign := ""
	if minor < 0 {
		sign, digits = "-", digits[1:]
	}
	if places == 0 {
		return sign + digits
	}
	if missing := places + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - places
	return sign + digits[:point] + "." + digits[point:]
}
