package cart

import (
	"math"
	"slices"

	"cartwright/sessions"
)

// Bounds of what one cart holds, far beyond any real one, so that no sum can
// overflow and nobody with a public key can make a cart that is slow to fold.
const (
	MaxQuantity = 1_000_000         // units of one line
	MaxPrice    = 1_000_000_000_000 // minor units of one unit
	MaxLines    = 1_000
)

// add returns lines with more units of l's product and variant. A price that is
// not nil is the newest one and holds for the whole line. Beyond the bounds
// nothing is added.
func add(lines []sessions.Line, l sessions.Line) []sessions.Line {
	if l.Quantity <= 0 {
		return lines
	}
	i := find(lines, l)
	if i < 0 {
		if len(lines) >= MaxLines {
			return lines
		}
		l.Quantity = min(l.Quantity, MaxQuantity)
		l.UnitPrice = believable(l.UnitPrice)
		return append(slices.Clip(lines), l)
	}
	lines = slices.Clone(lines)
	lines[i].Quantity = min(lines[i].Quantity+min(l.Quantity, MaxQuantity), MaxQuantity)
	if price := believable(l.UnitPrice); price != nil {
		lines[i].UnitPrice = price
	}
	return lines
}

// remove returns lines with fewer units of l's product, never below zero. A
// remove that names no variant takes from the product's first line.
func remove(lines []sessions.Line, l sessions.Line) []sessions.Line {
	i := find(lines, l)
	if i < 0 && l.Variant == "" {
		i = slices.IndexFunc(lines, func(have sessions.Line) bool { return have.Product == l.Product })
	}
	if i < 0 || l.Quantity <= 0 {
		return lines
	}
	lines = slices.Clone(lines)
	if lines[i].Quantity <= l.Quantity {
		return slices.Delete(lines, i, i+1)
	}
	lines[i].Quantity -= l.Quantity
	return lines
}

// whole returns the lines of a snapshot: equal products added up, nothing at
// zero.
func whole(lines []sessions.Line) []sessions.Line {
	var sum []sessions.Line
	for _, l := range lines {
		sum = add(sum, l)
	}
	return sum
}

func find(lines []sessions.Line, l sessions.Line) int {
	return slices.IndexFunc(lines, func(have sessions.Line) bool {
		return have.Product == l.Product && have.Variant == l.Variant
	})
}

// believable returns a price within bounds, else nil: not known.
func believable(price *int64) *int64 {
	if price == nil || *price < 0 || *price > MaxPrice {
		return nil
	}
	return price
}

// unpriced returns l without its price, which is of another currency than the
// cart's: amounts of two currencies are never mixed.
func unpriced(l sessions.Line) sessions.Line {
	l.UnitPrice = nil
	return l
}

func units(lines []sessions.Line) int64 {
	var n int64
	for _, l := range lines {
		n += l.Quantity
	}
	return n
}

// value adds up the lines whose price is known; nil when none is. A sum beyond
// what 64 bits hold stays at their limit.
func value(lines []sessions.Line) *int64 {
	var sum int64
	known := false
	for _, l := range lines {
		if l.UnitPrice == nil {
			continue
		}
		known = true
		amount := *l.UnitPrice * l.Quantity // at most 10^18 by the bounds
		if sum > math.MaxInt64-amount {
			amount = math.MaxInt64 - sum
		}
		sum += amount
	}
	if !known {
		return nil
	}
	return &sum
}

// sameUnits reports whether a and b hold the same quantities of the same
// products, whatever their order and prices.
func sameUnits(a, b []sessions.Line) bool {
	if len(a) != len(b) {
		return false
	}
	for _, l := range a {
		if i := find(b, l); i < 0 || b[i].Quantity != l.Quantity {
			return false
		}
	}
	return true
}
