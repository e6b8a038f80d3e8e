package main

import "testing"

func TestGarbageIsBounded(t *testing.T) {
	for held, want := range map[uint64]int{
		0: 300, 1 << 20: 300, 128 << 20: 300, 192 << 20: 200, 384 << 20: 100, 4 << 30: 100,
	} {
		if got := garbageFor(held); got != want {
			t.Errorf("%d bytes held: %d%%, want %d%%", held, got, want)
		}
	}
}
