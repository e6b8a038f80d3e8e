package cart_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cartwright/cart"
)

// people are so many in both groups, of whom some ordered.
func people(recovered, treated, heldRecovered, held int) []cart.Person {
	var all []cart.Person
	for i := range treated {
		all = append(all, cart.Person{Recovered: i < recovered})
	}
	for i := range held {
		all = append(all, cart.Person{Holdout: true, Recovered: i < heldRecovered})
	}
	return all
}

// spent are people by what they ordered.
func spent(treated, held []int64) []cart.Person {
	var all []cart.Person
	for _, amount := range treated {
		all = append(all, cart.Person{Recovered: amount != 0, Revenue: amount})
	}
	for _, amount := range held {
		all = append(all, cart.Person{Holdout: true, Recovered: amount != 0, Revenue: amount})
	}
	return all
}

func near(t *testing.T, what string, got cart.Difference, difference, low, high, tolerance float64) {
	t.Helper()
	for _, c := range []struct{ got, want float64 }{{got.Difference, difference}, {got.Low, low}, {got.High, high}} {
		if math.Abs(c.got-c.want) > tolerance {
			t.Errorf("%s: %+v, want %v (%v to %v)", what, got, difference, low, high)
			return
		}
	}
}

// The examples of Newcombe (1998), table II, method 10.
func TestSharesAgreeWithNewcombe(t *testing.T) {
	for _, c := range []struct {
		a, m, b, n            int
		difference, low, high float64
	}{
		{56, 70, 48, 80, 0.2000, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.6000, 0.1705, 0.8090},
		{6, 7, 2, 7, 0.5714, 0.0582, 0.8062},
		{5, 56, 0, 29, 0.0893, -0.0381, 0.1926},
		{0, 10, 0, 20, 0.0000, -0.1611, 0.2775},
		{0, 10, 0, 10, 0.0000, -0.2775, 0.2775},
		{10, 10, 0, 20, 1.0000, 0.6791, 1.0000},
		{10, 10, 0, 10, 1.0000, 0.6075, 1.0000},
	} {
		s := cart.CompareShares(people(c.a, c.m, c.b, c.n))
		if s.Treated.People != int64(c.m) || s.Holdout.People != int64(c.n) || s.Treated.Recovered != int64(c.a) || s.Holdout.Recovered != int64(c.b) {
			t.Errorf("groups %+v", s)
		}
		near(t, "shares", *s.Difference, c.difference, c.low, c.high, 0.00006)
	}
}

// What R's t.test says of its own examples, to all digits that it prints: sleep, in
// tenths of hours, and mtcars, in tenths of miles a gallon by gear.
func TestMeansAgreeWithR(t *testing.T) {
	for name, c := range map[string]struct {
		a, b                                []int64
		meanA, meanB, difference, low, high float64
	}{
		"sleep": {
			a:     []int64{7, -16, -2, -12, -1, 34, 37, 8, 0, 20},
			b:     []int64{19, 8, 11, 1, -1, 44, 55, 16, 46, 34},
			meanA: 7.5, meanB: 23.3, difference: -15.8, low: -33.654832, high: 2.054832,
		},
		"mtcars": {
			a:     []int64{214, 187, 181, 143, 244, 228, 192, 178, 164, 173, 152, 104, 104, 147, 215, 155, 152, 133, 192},
			b:     []int64{210, 210, 228, 324, 304, 339, 273, 260, 304, 158, 197, 150, 214},
			meanA: 171.4737, meanB: 243.9231, difference: -72.4494, low: -112.80194, high: -32.09684,
		},
	} {
		m := cart.CompareMeans("EUR", spent(c.a, c.b))
		if math.Abs(*m.Treated-c.meanA) > 0.0001 || math.Abs(*m.Holdout-c.meanB) > 0.0001 {
			t.Errorf("%s: means %v and %v", name, *m.Treated, *m.Holdout)
		}
		near(t, name, *m.Difference, c.difference, c.low, c.high, 0.0001)
	}
}

func TestComparisonsOfNextToNobody(t *testing.T) {
	none := cart.CompareShares(nil)
	if none.Difference != nil || none.Treated.Share != nil || none.Holdout.Share != nil {
		t.Errorf("%+v", none)
	}
	alone := cart.CompareMeans("EUR", spent([]int64{500}, []int64{100, 200}))
	if alone.Difference != nil || *alone.Treated != 500 || *alone.Holdout != 150 {
		t.Errorf("%+v", alone)
	}
	if empty := cart.CompareMeans("EUR", spent(nil, nil)); empty.Treated != nil || empty.Holdout != nil || empty.Difference != nil {
		t.Errorf("%+v", empty)
	}
	near(t, "all the same", *cart.CompareMeans("EUR", spent([]int64{0, 0, 0}, []int64{0, 0})).Difference, 0, 0, 0, 0)
	near(t, "each the same", *cart.CompareMeans("EUR", spent([]int64{7, 7}, []int64{5, 5})).Difference, 2, 2, 2, 0)
}

// Whatever the groups: the interval holds the difference, lies where differences can
// be, and is the mirror of that of the groups exchanged.
func TestIntervals(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m, n := rapid.IntRange(1, 300).Draw(r, "m"), rapid.IntRange(1, 300).Draw(r, "n")
		a, b := rapid.IntRange(0, m).Draw(r, "a"), rapid.IntRange(0, n).Draw(r, "b")
		d, back := *cart.CompareShares(people(a, m, b, n)).Difference, *cart.CompareShares(people(b, n, a, m)).Difference
		const dust = 1e-12
		if d.Low > d.Difference+dust || d.High < d.Difference-dust || d.Low < -1-dust || d.High > 1+dust || math.Abs(d.Low+back.High) > dust || math.Abs(d.High+back.Low) > dust {
			r.Fatalf("%d of %d and %d of %d: %+v, exchanged %+v", a, m, b, n, d, back)
		}
	})
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		a, m, b, n int
		says       string
	}{
		{0, 0, 0, 0, "Nobody entered"},
		{5, 50, 0, 0, "Nobody was held out"},
		{0, 0, 5, 50, "Everybody was held out"},
		{60, 99, 2, 200, "Too few people"},
		{60, 900, 2, 99, "Too few people"},
		{9, 900, 0, 100, "Too few orders"},
		{90, 900, 5, 100, "does not show"},
		{200, 2000, 10, 400, "bring shoppers back"},
		{20, 2000, 40, 400, "Fewer order"},
		{100, 100, 0, 100, "bring shoppers back"},
	} {
		s := cart.CompareShares(people(c.a, c.m, c.b, c.n))
		if !strings.Contains(s.Verdict, c.says) {
			t.Errorf("%d of %d and %d of %d: %s", c.a, c.m, c.b, c.n, s.Verdict)
		}
	}
	const want = "10.0% of 2000 people who were to be written to ordered, and 2.5% of 400 who were held out: a difference of +7.5 points (95% interval +5.1 to +9.3). The messages bring shoppers back."
	if got := cart.CompareShares(people(200, 2000, 10, 400)).Verdict; got != want {
		t.Errorf("got %s", got)
	}
}

// The 97.5% points of the t distribution, from the tables of any textbook.
func TestStudentQuantile(t *testing.T) {
	for freedom, want := range map[float64]float64{1: 12.7062, 2: 4.3027, 5: 2.5706, 10: 2.2281, 30: 2.0423, 120: 1.9799, 1e6: 1.96} {
		if got := cart.StudentQuantile(freedom); math.Abs(got-want) > 0.00006 {
			t.Errorf("with %v degrees of freedom: %v, want %v", freedom, got, want)
		}
	}
}
