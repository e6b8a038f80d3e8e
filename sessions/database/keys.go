package database

import (
	"math/bits"
	"slices"
)

// keysPerQuery bounds the values of one IN.
const keysPerQuery = 512

// Each calls f with parts of values, each for one IN of a query, until one fails. A part is filled up
// with its last value to a power of two, because each length is a statement to be prepared and kept.
func Each[T any](values []T, f func(part []T) error) error {
	for part := range slices.Chunk(values, keysPerQuery) {
		full := 1 << bits.Len(uint(len(part)-1))
		part = slices.Clip(part)
		for len(part) < full {
			part = append(part, part[len(part)-1])
		}
		if err := f(part); err != nil {
			return err
		}
	}
	return nil
}
