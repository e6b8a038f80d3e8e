package recommend

import (
	"encoding/json"
	"strconv"
	"strings"
)

// kind is what a value of an attribute is.
type kind uint8

const (
	noKind kind = iota
	textKind
	numberKind
	truthKind
)

// Value is a text, a number or a truth that an attribute of a product has. Numbers are
// compared by what they are worth, exactly: 1, 1.0 and 10e-1 are one value, and no two
// others are.
type Value struct {
	kind kind
	text string // a number's normal form
}

// Text returns the value that a text is.
func Text(text string) Value { return Value{textKind, text} }

// Truth returns the value that a truth is.
func Truth(truth bool) Value { return Value{truthKind, strconv.FormatBool(truth)} }

// Number returns the value of a number as JSON writes it, and false if it is none or its
// exponent is beyond a million.
func Number(text string) (Value, bool) {
	normal, ok := normalNumber(text)
	return Value{numberKind, normal}, ok
}

// Spelled returns the values that are written like a text: the text itself, and the
// number or the truth that it is. An address cannot say which of them is meant.
func Spelled(text string) []Value {
	values := []Value{Text(text)}
	if number, ok := Number(text); ok {
		values = append(values, number)
	}
	if text == "true" || text == "false" {
		values = append(values, Truth(text == "true"))
	}
	return values
}

// largestExponent bounds exponents, so that they can be added up.
const largestExponent = 1_000_000

// normalNumber writes a JSON number as its digits, without zeros at either end, and a
// power of ten: 1500 is 15e2.
func normalNumber(text string) (string, bool) {
	if text == "" || text[0] != '-' && !digit(text[0]) || !digit(text[len(text)-1]) || !json.Valid([]byte(text)) {
		return "", false
	}
	unsigned, negative := strings.CutPrefix(text, "-")
	mantissa, exponent, _ := strings.Cut(strings.ToLower(unsigned), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	kept := strings.TrimRight(digits, "0")
	if kept == "" {
		return "0", true
	}
	power := len(digits) - len(kept) - len(fraction)
	if exponent != "" {
		e, err := strconv.Atoi(exponent)
		if err != nil || max(e, -e) > largestExponent {
			return "", false
		}
		power += e
	}
	if power != 0 {
		kept += "e" + strconv.Itoa(power)
	}
	if negative {
		kept = "-" + kept
	}
	return kept, true
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
