package recommend

import (
	"math/bits"
	"slices"
)

// blocks hands out stretches of an array in sizes 2, 3, 4, 6, 8, 12, … and takes
// them back for reuse. It knows offsets only: the arrays belong to its owner, who
// extends them to used. A block wastes a third of itself at the most while it
// grows, and taking or giving one costs O(1).
type blocks struct {
	free [62][]uint32
	used uint32
}

// classSize is the number of entries of a block of the class.
func classSize(class uint8) uint32 {
	return (2 + uint32(class&1)) << (class / 2)
}

// classFor is the smallest class that holds n entries.
func classFor(n uint32) uint8 {
	if n <= 2 {
		return 0
	}
	class := uint8(2 * (bits.Len32(n-1) - 2))
	for classSize(class) < n {
		class++
	}
	return class
}

// take returns the offset of a block of the class.
func (b *blocks) take(class uint8) uint32 {
	free := b.free[class]
	if len(free) > 0 {
		b.free[class] = free[:len(free)-1]
		return free[len(free)-1]
	}
	offset := b.used
	b.used += classSize(class)
	return offset
}

// give takes a block back.
func (b *blocks) give(offset uint32, class uint8) {
	b.free[class] = append(b.free[class], offset)
}

// bytes is what the lists of free blocks occupy.
func (b *blocks) bytes() int64 {
	total := 0
	for _, free := range b.free {
		total += 4 * cap(free)
	}
	return int64(total)
}

// extend lengthens an array to n entries, amortised like append.
func extend[T any](array []T, n int) []T {
	if n <= len(array) {
		return array
	}
	return slices.Grow(array, n-len(array))[:n]
}
