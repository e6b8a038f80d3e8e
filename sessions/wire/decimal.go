package wire

import "bytes"

// The largest amount of money and the largest quantity believed. With them a
// line's price times its quantity fits an int64, and maxSum leaves room to add
// thousands of such events.
const (
	maxAmount   = 1_000_000_000_000 // minor units
	maxQuantity = 1_000_000
	maxSum      = 1_000_000_000_000_000 // minor units, all lines of one event
)

// significant is how many digits of a decimal are kept; what follows is far
// below the last place of anything stored.
const significant = 40

// decimal is a number read from its digits: 0.d₁d₂d₃… · 10^point, d₁ not 0.
type decimal struct {
	digits   [significant]byte
	n        int // digits kept
	point    int
	negative bool
}

// decimalOf reads a JSON number, or a JSON string that holds one, such as "12.50".
func decimalOf(value []byte) (decimal, bool) {
	if isText(value) {
		value = bytes.TrimSpace(value[1 : len(value)-1])
	}
	return parseDecimal(value)
}

// parseDecimal reads a number in the grammar of JSON.
func parseDecimal(src []byte) (d decimal, ok bool) {
	if !IsNumber(src) {
		return d, false
	}
	s := scan{src: src}
	if !s.number() || s.at != len(src) {
		return d, false
	}
	if src[0] == '-' {
		d.negative, src = true, src[1:]
	}
	mantissa, exponent := src, 0
	if e := bytes.IndexAny(src, "eE"); e >= 0 {
		mantissa, exponent = src[:e], exponentOf(src[e+1:])
	}
	fraction := false
	for _, c := range mantissa {
		if c == '.' {
			fraction = true
			continue
		}
		d.add(c, fraction)
	}
	d.point += exponent
	return d, true
}

// add appends the next digit of the mantissa.
func (d *decimal) add(c byte, fraction bool) {
	if d.n == 0 && c == '0' {
		if fraction {
			d.point--
		}
		return
	}
	if !fraction {
		d.point++
	}
	if d.n < significant {
		d.digits[d.n] = c
		d.n++
	}
}

// exponentOf reads the digits after an e, held within bounds that no amount
// comes near.
func exponentOf(src []byte) int {
	const bound = 1 << 20
	n := 0
	for _, c := range src {
		if isDigit(c) && n < bound {
			n = n*10 + int(c-'0')
		}
	}
	if src[0] == '-' {
		return -n
	}
	return n
}

// scaled returns the number times 10^places, rounded half up (away from zero for
// a negative one), and whether it has 18 digits or fewer.
func (d decimal) scaled(places int) (int64, bool) {
	if d.n == 0 {
		return 0, true
	}
	whole := d.point + places
	if whole > 18 {
		return 0, false
	}
	if whole < 0 {
		return 0, true
	}
	var v int64
	for i := range whole {
		v *= 10
		if i < d.n {
			v += int64(d.digits[i] - '0')
		}
	}
	if whole < d.n && d.digits[whole] >= '5' {
		v++
	}
	if d.negative {
		v = -v
	}
	return v, true
}

// whole returns the number if it is an integer of 18 digits or fewer: 2, 2.0
// and 2e0 are, 2.5 is not.
func (d decimal) whole() (int64, bool) {
	for i := max(d.point, 0); i < d.n; i++ {
		if d.digits[i] != '0' {
			return 0, false
		}
	}
	return d.scaled(0)
}

// amountOf reads money: a decimal in major units, brought to places digits
// after the point. It refuses what is negative or beyond belief.
func amountOf(value []byte, places int) (int64, bool) {
	d, ok := decimalOf(value)
	if !ok {
		return 0, false
	}
	v, ok := d.scaled(places)
	return v, ok && v >= 0 && v <= maxAmount && (!d.negative || d.n == 0)
}

// quantityOf reads a number of units: an integer from 0 to [maxQuantity].
func quantityOf(value []byte) (int64, bool) {
	d, ok := decimalOf(value)
	if !ok {
		return 0, false
	}
	v, ok := d.whole()
	return v, ok && v >= 0 && v <= maxQuantity
}
