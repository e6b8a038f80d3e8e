package cart

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// confidence is that of all intervals.
const confidence = 0.95

// Difference is how far one group is above another, with its 95% interval.
type Difference struct {
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
}

// Group is one of the two groups of a comparison.
type Group struct {
	People    int64    `json:"people"`
	Recovered int64    `json:"recovered"` // ordered within the window
	Share     *float64 `json:"share"`     // of the people; null of none
}

// Shares compares how many people ordered.
type Shares struct {
	Treated    Group       `json:"treated"`
	Holdout    Group       `json:"holdout"`
	Difference *Difference `json:"share_difference"` // treated minus holdout; null when a group is empty
	Verdict    string      `json:"verdict"`          // what that says, for people
}

// Means compares what people ordered, in minor units a person. Who ordered nothing
// counts as nothing.
type Means struct {
	Currency   string      `json:"currency"`
	Treated    *float64    `json:"treated"`    // null of an empty group
	Holdout    *float64    `json:"holdout"`    // null of an empty group
	Difference *Difference `json:"difference"` // treated minus holdout; null when a group has not two people
}

// CompareShares returns how many people ordered in both groups, and the difference
// with its interval by the hybrid score method: Newcombe, Interval estimation for
// the difference between independent proportions, Statistics in Medicine 17 (1998)
// 873–890, method 10. It is right for small groups, and for shares close to
// nothing, which those of recovered carts are.
func CompareShares(people []Person) Shares {
	var s Shares
	for _, p := range people {
		g := &s.Treated
		if p.Holdout {
			g = &s.Holdout
		}
		g.People++
		if p.Recovered {
			g.Recovered++
		}
	}
	s.Treated.Share, s.Holdout.Share = s.Treated.share(), s.Holdout.share()
	if s.Treated.People > 0 && s.Holdout.People > 0 {
		d := newcombe(s.Treated, s.Holdout)
		s.Difference = &d
	}
	s.Verdict = s.verdict()
	return s
}

func (g Group) share() *float64 {
	if g.People == 0 {
		return nil
	}
	share := float64(g.Recovered) / float64(g.People)
	return &share
}

// wilson returns the score interval of a group's share: Wilson, Probable
// inference, the law of succession, and statistical inference, Journal of the
// American Statistical Association 22 (1927) 209–212.
func wilson(g Group) (low, high float64) {
	z := math.Sqrt2 * math.Erfinv(confidence) // the normal quantile of both tails
	n, p := float64(g.People), *g.share()
	middle := 2*n*p + z*z
	spread := z * math.Sqrt(z*z+4*n*p*(1-p))
	low, high = (middle-spread)/(2*(n+z*z)), (middle+spread)/(2*(n+z*z))
	return max(low, 0), min(high, 1)
}

// newcombe returns the difference of two groups' shares with its interval, from
// the score intervals of both.
func newcombe(a, b Group) Difference {
	p, q := *a.share(), *b.share()
	lowA, highA := wilson(a)
	lowB, highB := wilson(b)
	d := p - q
	return Difference{d, d - math.Hypot(p-lowA, highB-q), d + math.Hypot(highA-p, q-lowB)}
}

// CompareMeans returns what people ordered in both groups, and the difference with
// its interval by the t distribution for groups of unequal variance: Welch, The
// generalization of “Student's” problem when several different population
// variances are involved, Biometrika 34 (1947) 28–35. Amounts of orders are far
// from normal; with some hundreds of people a group their mean is close enough.
func CompareMeans(currency string, people []Person) Means {
	var treated, holdout []float64
	for _, p := range people {
		if p.Holdout {
			holdout = append(holdout, float64(p.Revenue))
		} else {
			treated = append(treated, float64(p.Revenue))
		}
	}
	m := Means{Currency: currency, Treated: mean(treated), Holdout: mean(holdout)}
	if len(treated) > 1 && len(holdout) > 1 {
		d := welch(treated, holdout)
		m.Difference = &d
	}
	return m
}

func mean(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	m, _ := meanVariance(values)
	return &m
}

// meanVariance returns the mean and the unbiased variance of some values: nothing
// of one.
func meanVariance(values []float64) (mean, variance float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		variance += (v - mean) * (v - mean) / max(n-1, 1)
	}
	return mean, variance
}

// studentQuantile returns how far from zero the t distribution of some degrees of
// freedom, not always a whole number, has its confidence: by the inverse of the
// incomplete beta function, Abramowitz and Stegun (1964), 26.7.1.
func studentQuantile(freedom float64) float64 {
	x := mathext.InvRegIncBeta(freedom/2, 0.5, 1-confidence)
	return math.Sqrt(freedom * (1 - x) / x)
}

// welch returns the difference of two means with its interval.
func welch(a, b []float64) Difference {
	meanA, varianceA := meanVariance(a)
	meanB, varianceB := meanVariance(b)
	n, m := float64(len(a)), float64(len(b))
	u, v := varianceA/n, varianceB/m
	d := meanA - meanB
	if u+v == 0 { // everybody ordered the same: nothing to estimate from
		return Difference{d, d, d}
	}
	freedom := (u + v) * (u + v) / (u*u/(n-1) + v*v/(m-1))
	spread := studentQuantile(freedom) * math.Sqrt(u+v)
	return Difference{d, d - spread, d + spread}
}

// So few people in a group, or orders in it, tell next to nothing, whatever the
// interval.
const (
	fewPeople = 100
	fewOrders = 5
)

// verdict says what the shares tell, and when they tell nothing.
func (s Shares) verdict() string {
	t, h := s.Treated, s.Holdout
	switch {
	case t.People == 0 && h.People == 0:
		return "Nobody entered a flow in this time."
	case h.People == 0:
		return "Nobody was held out, so nothing tells what the messages changed: of those who were written to, some would have come back anyway. Set a holdout in the flow."
	case t.People == 0:
		return "Everybody was held out, so there is nothing to compare with."
	}
	said := fmt.Sprintf("%s of %d people who were to be written to ordered, and %s of %d who were held out: a difference of %s points (95%% interval %s to %s).",
		percent(*t.Share), t.People, percent(*h.Share), h.People, points(s.Difference.Difference), points(s.Difference.Low), points(s.Difference.High))
	switch {
	case min(t.People, h.People) < fewPeople:
		return said + fmt.Sprintf(" Too few people to tell: wait until each group has at least %d.", fewPeople)
	case min(t.Recovered, h.Recovered) < fewOrders && t.Recovered+h.Recovered < 4*fewOrders:
		return said + fmt.Sprintf(" Too few orders to tell: wait until there are at least %d in each group.", fewOrders)
	case s.Difference.Low > 0:
		return said + " The messages bring shoppers back."
	case s.Difference.High < 0:
		return said + " Fewer order with the messages than without."
	}
	return said + " The interval holds zero: this does not show that the messages change anything, nor that they do not."
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }

func points(difference float64) string { return fmt.Sprintf("%+.1f", 100*difference) }
