package recommend

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestClassesHoldWhatTheyAreFor(t *testing.T) {
	if got := []uint32{classSize(0), classSize(1), classSize(2), classSize(3), classSize(4), classSize(5)}; !slices.Equal(got, []uint32{2, 3, 4, 6, 8, 12}) {
		t.Errorf("sizes %v", got)
	}
	for n := uint32(1); n < 1<<20; n += 1 + n/7 {
		c := classFor(n)
		if classSize(c) < n || c > 0 && classSize(c-1) >= n {
			t.Fatalf("%d entries: class %d of %d entries", n, c, classSize(c))
		}
	}
}

// Sessions come and go and change their last click, in numbers that fill many
// chunks and cells; a sorted slice and a map tell the truth.
func TestRecencyAndKeysAgreeWithSliceAndMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list recencyList
		var table keyTable
		var sessions []storedSession
		present := map[SessionKey]int32{}
		random := rapid.Uint64().Draw(t, "seed")
		next := func(n uint64) uint64 {
			random = random*6364136223846793005 + 1442695040888963407
			return random >> 33 % n
		}
		for range rapid.SampledFrom([]int{50, 5000}).Draw(t, "steps") {
			key := SessionKey(1 + next(4000))
			if slot := table.find(sessions, key); slot >= 0 {
				list.drop(sessions, slot)
				if next(2) == 0 {
					table.drop(sessions, slot)
					delete(present, key)
					continue
				}
				sessions[slot].last = int64(next(500))
				list.add(sessions, slot)
				continue
			}
			slot := int32(len(sessions))
			sessions = append(sessions, storedSession{key: key, last: int64(next(500))})
			table.add(sessions, slot)
			list.add(sessions, slot)
			present[key] = slot
		}
		want := make([]int32, 0, len(present))
		for key, slot := range present {
			if got := table.find(sessions, key); got != slot {
				t.Fatalf("key %d: slot %d, want %d", key, got, slot)
			}
			want = append(want, slot)
		}
		slices.SortFunc(want, func(a, b int32) int {
			return cmp.Or(cmp.Compare(sessions[a].last, sessions[b].last), cmp.Compare(sessions[a].key, sessions[b].key))
		})
		if got := slices.Concat(list.chunks...); !slices.Equal(got, want) {
			t.Fatalf("by recency: %d slots, want %d, or another order", len(got), len(want))
		}
		if table.used != len(present) || table.find(sessions, 4001) != -1 {
			t.Fatalf("%d keys in use, want %d", table.used, len(present))
		}
		for i, chunk := range list.chunks {
			if len(chunk) == 0 || len(chunk) > chunkSize {
				t.Fatalf("chunk %d has %d slots", i, len(chunk))
			}
		}
	})
}

func TestNthGreatest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.Uint64Range(0, 200), 1, 100, rapid.ID[uint64]).Draw(t, "keys")
		n := rapid.IntRange(1, len(keys)).Draw(t, "n")
		sorted := slices.Clone(keys)
		slices.Sort(sorted)
		if got, want := nthGreatest(keys, n), sorted[len(sorted)-n]; got != want {
			t.Fatalf("%d-th greatest: %d, want %d", n, got, want)
		}
	})
}

// Times further apart than an offset can say lose their distance, never their order.
func TestTrailsKeepOrderOverYears(t *testing.T) {
	const year = 365 * int64(millisPerDay)
	for _, c := range []struct {
		name  string
		times []int64
		want  []uint32
	}{
		{"ahead", []int64{0, 10, year}, []uint32{0, 1, 2}},
		{"ahead in steps", []int64{0, year / 12, year / 6, year / 4}, []uint32{0, 1, 2, 3}},
		{"back", []int64{year, 0, year - 5}, []uint32{1, 2, 0}},
		{"back in steps", []int64{year, year - 1000, 0, year - 2000}, []uint32{2, 3, 1, 0}},
		{"back within reach", []int64{1000, 400, 700, 400}, []uint32{1, 3, 2, 0}},
		{"back, then ahead", []int64{1000, 0, math.MaxUint32, 2000}, []uint32{1, 0, 3, 2}},
	} {
		var kept trails
		var s storedSession
		for i, at := range c.times {
			former := s.last
			if i == 0 {
				former = at
			}
			s.last = max(former, at)
			kept.insert(&s, uint32(i), at, former)
		}
		if got := kept.clicks(&s); !slices.Equal(got, c.want) {
			t.Errorf("%s: order %v, want %v", c.name, got, c.want)
		}
		if !slices.IsSorted(kept.times(&s)) {
			t.Errorf("%s: offsets %v are not in order", c.name, kept.times(&s))
		}
	}
}
