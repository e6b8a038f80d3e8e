package recommend

import "math"

// decayDays is after how many days a session counts 1/e.
const decayDays = 120

// powered is how many counts have their powers and logarithms in a table. The
// counts of most items are smaller, and a look-up takes a tenth of the time.
const powered = 1 << 14

// tables hold what queries would otherwise compute again and again.
type tables struct {
	days    [4096]float64 // by whole days: what a session of that age counts
	logs    []float64     // by count: its natural logarithm
	fifth   []float64     // its power of -.2
	third   []float64     // of -.3
	longer  []float64     // of -.6
	distant []float64     // of -.15
}

func newTables() *tables {
	t := &tables{}
	for i := range t.days {
		t.days[i] = math.Exp(-float64(i) / decayDays)
	}
	for _, of := range []struct {
		table *[]float64
		f     func(float64) float64
	}{
		{&t.logs, math.Log}, {&t.fifth, power(-.2)}, {&t.third, power(-.3)}, {&t.longer, power(-.6)}, {&t.distant, power(-.15)},
	} {
		*of.table = make([]float64, powered)
		for i := range *of.table {
			(*of.table)[i] = of.f(float64(i))
		}
	}
	return t
}

func power(exponent float64) func(float64) float64 {
	return func(count float64) float64 { return math.Pow(count, exponent) }
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
	x := float64(ms%millisPerDay) / (decayDays * millisPerDay)
	return t.days[day] * (1 - x*(1-x/2*(1-x/3*(1-x/4*(1-x/5)))))
}

// log is the natural logarithm of a count.
func (t *tables) log(count int) float64 {
	if count < len(t.logs) {
		return t.logs[count]
	}
	return math.Log(float64(count))
}

// raised is a count to the power that a table is of.
func raised(table []float64, exponent float64, count int) float64 {
	if count < len(table) {
		return table[count]
	}
	return math.Pow(float64(count), exponent)
}
