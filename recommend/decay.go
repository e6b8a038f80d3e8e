package recommend

import (
	"math"
	"sync"
)

// decayDays is after how many days a session counts 1/e.
const decayDays = 120

// powered is how many counts have their powers and logarithms in a table. The
// counts of most items are smaller, and a look-up takes a tenth of the time.
const powered = 1 << 14

// tables hold what queries would otherwise compute again and again.
type tables struct {
	days   [4096]float64 // by whole days: what a session of that age counts
	logs   []float64     // by count: its natural logarithm
	shrunk []float64     // by sessions that share a pair: what they count for

	popular, near, length, distinct, cosine powers
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
		popular: newPowers(-.2), near: newPowers(-.3), length: newPowers(-.6), distinct: newPowers(-.15), cosine: newPowers(-.5),
	}
	for i := range t.days {
		t.days[i] = math.Exp(-float64(i) / decayDays)
	}
	return t
}

// age is what a session of an age in milliseconds counts, exp(-days/120): from a
// table by whole days, and for the rest of the day by five terms of the series,
// whose error is below 1e-14.
func (t *tables) age(ms int64) float64 {
	if ms <= 0 {
		return 1 // late clicks may have moved what it is compared with
	}
	day := ms / millisPerDay
	if day >= int64(len(t.days)) {
		return math.Exp(-float64(ms) / (decayDays * millisPerDay))
	}
	x := float64(ms-day*millisPerDay) * (1. / (decayDays * millisPerDay))
	return t.days[day] * (1 - x*(1-x*(1./2)*(1-x*(1./3)*(1-x*(1./4)*(1-x*(1./5))))))
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
