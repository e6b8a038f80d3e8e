package recommend

import (
	"math"
	"sync"
)

// decayDays is after how many days a session counts 1/e.
const decayDays = 120

const decaySeconds = decayDays * 24 * 60 * 60

// powered is how many counts have their powers and logarithms in a table. The
// counts of most items are smaller, and a look-up takes a tenth of the time.
const powered = 1 << 14

// tables hold what queries would otherwise compute again and again.
type tables struct {
	logs   []float64 // by count: its natural logarithm
	shrunk []float64 // by sessions that share a pair: what they count for

	low, middle [256]float64 // by a byte of an age in seconds: what a session of that age counts
	high        [4096]float64

	popular, near, length, cosine powers
}

// powers are a power of counts.
type powers struct {
	exponent float64
	table    []float64 // by count
}

// of is the power of a count.
func (p *powers) of(count int) float64 {
	if count < len(p.table) {
		return p.table[count]
	}
	return math.Pow(float64(count), p.exponent)
}

func newPowers(exponent float64) powers {
	return powers{exponent, byCount(func(count float64) float64 { return math.Pow(count, exponent) })}
}

func byCount(f func(count float64) float64) []float64 {
	table := make([]float64, powered)
	for i := range table {
		table[i] = f(float64(i))
	}
	return table
}

// theTables are made when the first index is.
var theTables = sync.OnceValue(newTables)

func newTables() *tables {
	t := &tables{
		logs: byCount(math.Log), shrunk: byCount(shrink),
		popular: newPowers(-.2), near: newPowers(-.3), length: newPowers(-.6), cosine: newPowers(-.5),
	}
	for i := range t.low {
		t.low[i], t.middle[i] = ageBeyondTables(int64(i)), ageBeyondTables(int64(i)<<8)
	}
	for i := range t.high {
		t.high[i] = ageBeyondTables(int64(i) << 16)
	}
	return t
}

// age is what a session counts that ended so many seconds before another one, exp(-days/120):
// the product of what three parts of the number count.
func (t *tables) age(seconds int64) float64 {
	if uint64(seconds) >= tabledAge {
		return ageBeyondTables(seconds)
	}
	return t.high[seconds>>16] * t.middle[seconds>>8&255] * t.low[seconds&255]
}

// tabledAge is the age in seconds from which on there are no tables: eight and a half years.
const tabledAge = 4096 << 16

func ageBeyondTables(seconds int64) float64 {
	return math.Exp(-float64(max(0, seconds)) / decaySeconds) // late clicks may have moved what it is compared with
}

// effective is when a session ended as far as it is compared with others, in seconds since
// effectiveZero: a session of many items is as little alike as one of a single item that
// ended so much earlier. One number of four bytes stands for both, because five hundred of
// them are read for a question.
type effective uint32

// effectiveZero is when effective times begin, in seconds since 1970: there is room for ages
// below that, and the last of them is in 2101.
const effectiveZero = -1 << 27

// effective is that of a session which ended at a time in milliseconds, rounded down, such that
// exp(-age/120 days) is lower by the factor (distinct items)^(-.15·1.5).
func (t *tables) effective(last int64, distinct int) effective {
	earlier := .15 * 1.5 * decaySeconds * 1000 * t.log(distinct)
	seconds := (last - int64(earlier) - effectiveZero*1000) / 1000
	return effective(min(max(seconds, 0), math.MaxUint32))
}

// log is the natural logarithm of a count.
func (t *tables) log(count int) float64 {
	if count < len(t.logs) {
		return t.logs[count]
	}
	return math.Log(float64(count))
}

// shrink is what so many sessions that share a pair count for.
func (t *tables) shrink(sessions uint32) float64 {
	if int(sessions) < len(t.shrunk) {
		return t.shrunk[sessions]
	}
	return shrink(float64(sessions))
}
