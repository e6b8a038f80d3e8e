package recommend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestBlocksHoldWhatTheyAreFor(t *testing.T) {
	for n := 1; n < 1<<20; n += 1 + n/7 {
		if b := blockOf(n); b < n || b > 4 && b/2 >= n || b&(b-1) != 0 {
			t.Fatalf("%d clicks: a block of %d", n, b)
		}
	}
}

// Sessions come and go in numbers that fill many cells; a map tells the truth.
func TestKeysAgreeWithAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table keyTable
		var sessions []session
		present := map[SessionKey]int{}
		random := rapid.Uint64().Draw(t, "seed")
		next := func(n uint64) uint64 {
			random = random*6364136223846793005 + 1442695040888963407
			return random >> 33 % n
		}
		for range rapid.SampledFrom([]int{50, 5000}).Draw(t, "steps") {
			key := SessionKey(1 + next(4000))
			if number := table.find(sessions, key); number >= 0 {
				table.drop(sessions, number)
				delete(present, key)
				continue
			}
			sessions = append(sessions, session{key: key})
			present[key] = len(sessions) - 1
			table.add(sessions, len(sessions)-1)
		}
		for key, number := range present {
			if got := table.find(sessions, key); got != number {
				t.Fatalf("key %d: number %d, want %d", key, got, number)
			}
		}
		if table.used != len(present) || table.find(sessions, 4001) != -1 {
			t.Fatalf("%d keys in use, want %d", table.used, len(present))
		}
	})
}

func TestNthGreatest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.OneOf(rapid.Uint64Range(0, 50), rapid.Uint64Range(1<<40, 1<<40+5000), rapid.Uint64())
		length := rapid.IntRange(1, 400).Draw(t, "length") // rapid's own are short, and would be sorted
		keys := rapid.SliceOfN(key, length, length).Draw(t, "keys")
		n := rapid.IntRange(1, len(keys)).Draw(t, "n")
		sorted := slices.Clone(keys)
		slices.Sort(sorted)
		slices.Reverse(sorted)
		want, equals := sorted[n-1], 0
		for _, key := range sorted[:n] {
			if key == want {
				equals++
			}
		}
		if got, equal := nthGreatest(keys, n); got != want || equal != equals {
			t.Fatalf("%d-th greatest: %d, %d of them, want %d, %d of them", n, got, equal, want, equals)
		}
	})
}

func TestOfEqualNeighboursTheNewerCount(t *testing.T) {
	for _, sessions := range []int{10, 40} { // so few keys are sorted, so many counted
		x, k := NewIndex(Limits{}), sessions/4
		var newest []string
		for key := 1; key <= sessions; key++ {
			own := fmt.Sprintf("own-%02d", key)
			x.Append(Click{Session: SessionKey(key), Item: "shared", At: 1000}, Click{Session: SessionKey(key), Item: own, At: 1000})
			if key > sessions-k {
				newest = append(newest, own)
			}
		}
		var got []string
		for _, s := range x.Neighbours(Query{Items: []string{"shared"}, M: sessions, K: k, N: 100, Unseen: true}, nil) {
			got = append(got, s.Item)
		}
		if slices.Sort(got); !slices.Equal(got, newest) {
			t.Errorf("%d of %d sessions that are equally alike say %v, want what the newest say, %v", k, sessions, got, newest)
		}
	}
}

// What the memory setting promises holds for sessions of any length.
func TestAWindowFitsIntoItsMemory(t *testing.T) {
	for _, length := range []int{1, 4, 30} {
		limits := LimitsOf(10, 0)
		x := NewIndex(limits)
		clicks := make([]Click, 2*limits.Clicks)
		for i := range clicks {
			clicks[i] = Click{Session: SessionKey(1 + i/length), Item: strconv.Itoa(i * 7919 % 5000), At: int64(i) * 1000}
		}
		for batch := range slices.Chunk(clicks, followBatch) {
			x.Append(batch...)
		}
		s := x.Stats()
		if s.Bytes > 10<<20 || s.Clicks < limits.Clicks*9/10 && s.Sessions < limits.Sessions*9/10 {
			t.Errorf("sessions of %d clicks: %+v in a window of %+v", length, s, limits)
		}
	}
}

func TestAnAgeIsWhatItsSecondsCount(t *testing.T) {
	ages := []int64{-5, 0, 1, 255, 256, 65_535, 65_536, tabledAge - 1, tabledAge, 2 * tabledAge}
	random := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		ages = append(ages, random.Int64N(tabledAge))
	}
	for _, seconds := range ages {
		want := math.Exp(-float64(max(0, seconds)) / 86_400 / 120)
		if got := theTables().age(seconds); math.Abs(got/want-1) > 1e-14 {
			t.Errorf("%d seconds count %v, want %v", seconds, got, want)
		}
	}
}

// The effective time of a session stands for its age and for how many items it has.
func TestAnEffectiveTimeStandsForAgeAndItems(t *testing.T) {
	tables, random := theTables(), rand.New(rand.NewPCG(7, 8))
	for range 1000 {
		distinct := 1 + random.IntN(1+random.IntN(maxSessionClicks))
		last := random.Int64N(125 * 365 * millisPerDay) // since 1970
		now := last + random.Int64N(1000*millisPerDay)
		want := math.Pow(math.Pow(float64(distinct), -.15), 1.5) * math.Exp(-float64(now-last)/millisPerDay/120)
		got := tables.age(int64(tables.effective(now, 1)) - int64(tables.effective(last, distinct)))
		if math.Abs(got/want-1) > 2e-7 {
			t.Errorf("%d items, %d ms before %d: %v, want %v", distinct, now-last, now, got, want)
		}
	}
	if past, future := tables.effective(-1<<60, maxSessionClicks), tables.effective(1<<60, 1); past != 0 || future != math.MaxUint32 {
		t.Errorf("the far past is %d, the far future %d", past, future)
	}
}
