package recommend

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// oracle answers as the index must, with maps and loops and every formula written
// out: it shares nothing with what it judges but the weights.
type oracle struct {
	sessions []oracleSession // oldest first
	with     map[string][]int
	clicks   map[string]int
	newest   map[string]int // clicks in the newest tenth of sessions
	repeat   float64
	come     float64
	thin     int
	plenty   int
	large    int
	lenient  float64
	wary     bool
	found    []int                         // the neighbours of the last question
	by       map[int]string                // the newest of its items that they have
	rows     map[string]map[string]float64 // that were asked for
}

type oracleSession struct {
	key     SessionKey
	last    int64
	items   []string
	actions []Action
	began   Click
}

func newOracle(v *naive) *oracle {
	o := &oracle{thin: v.thin, plenty: v.plenty, large: v.large, lenient: v.lenient, rows: map[string]map[string]float64{}, with: map[string][]int{}, clicks: map[string]int{}, newest: map[string]int{}}
	keys := v.newestFirst()
	slices.Reverse(keys)
	var steps, repeats, others, returns float64
	for i, key := range keys {
		s := oracleSession{key: key, last: v.last(key), began: v.began[key]}
		o.wary = o.wary || s.began.Network != 0
		for _, c := range v.sessions[key] {
			s.items, s.actions = append(s.items, c.Item), append(s.actions, c.Action)
			o.clicks[c.Item]++
			if len(keys)-i <= (len(keys)+9)/10 {
				o.newest[c.Item]++
			}
		}
		for item := range v.items(key, false) {
			if len(s.items) > v.longest {
				break
			}
			o.with[item] = append(o.with[item], i)
		}
		for n := 1; n < len(s.items); n++ {
			steps++
			switch next := s.items[n]; {
			case next == s.items[n-1]:
				repeats++
			case n >= 2:
				others++
				if slices.Contains(s.items[max(0, n-20):n], next) {
					returns++
				}
			}
		}
		o.sessions = append(o.sessions, s)
	}
	o.wary = o.wary && len(keys) >= v.thin
	p, r := (repeats+1)/(steps+2), (returns+1)/(others+2)
	o.repeat, o.come = math.Log(p/(1-p)), math.Log(r/(1-r))
	return o
}

// stepsBack are the distinct known items of a query, newest first, and how many
// steps back each one's last click is.
func (o *oracle) stepsBack(q Query) (items []string, d map[string]int) {
	d = map[string]int{}
	for i, item := range slices.Backward(q.Items) {
		if _, seen := d[item]; !seen && o.clicks[item] > 0 {
			d[item] = len(q.Items) - 1 - i
			items = append(items, item)
		}
	}
	for i, item := range slices.Backward(q.Earlier) {
		if _, seen := d[item]; !seen && o.clicks[item] > 0 {
			d[item] = max(1, len(q.Items)+max(0, q.Apart-1)) + len(q.Earlier) - 1 - i
			items = append(items, item)
		}
	}
	return items, d
}

func (o *oracle) age(s int) float64 {
	days := float64(o.sessions[len(o.sessions)-1].last-o.sessions[s].last) / (24 * 3600 * 1000)
	return math.Exp(-days / 120)
}

func (o *oracle) knn(q Query) (scores map[string]float64, support map[string]int) {
	items, d := o.stepsBack(q)
	items = slices.DeleteFunc(items, func(item string) bool { return d[item] >= 10 })
	shared := map[int][]string{}
	for _, item := range items {
		for _, s := range o.with[item] {
			if o.sessions[s].key != q.Own {
				shared[s] = append(shared[s], item)
			}
		}
	}
	met := slices.Sorted(maps.Keys(shared))
	slices.Reverse(met)
	met = o.believed(met, q.M, items, shared)
	sims := map[int]float64{}
	for _, s := range met {
		sum := 0.
		for _, item := range shared[s] {
			sum += math.Exp(-.2 * float64(d[item]))
		}
		distinct := map[string]bool{}
		for _, item := range o.sessions[s].items {
			distinct[item] = true
		}
		sims[s] = math.Pow(sum*math.Pow(float64(len(distinct)), -.15), 1.5) * o.age(s)
	}
	slices.SortStableFunc(met, func(a, b int) int {
		if math.Abs(sims[a]-sims[b]) < 1e-12*sims[a] {
			return 0
		}
		return cmp.Compare(sims[b], sims[a])
	})
	met = met[:min(q.K, len(met))]
	o.found, o.by = met, map[int]string{}
	for _, s := range met {
		o.by[s] = shared[s][0]
	}
	scores, support = map[string]float64{}, map[string]int{}
	for _, s := range met {
		o.tell(s, shared[s][0], sims[s]*math.Exp(-.3*float64(d[shared[s][0]])), scores, support)
	}
	for item := range scores {
		clicks := float64(o.clicks[item])
		scores[item] *= (1 + .1*math.Log(float64(len(o.sessions))/clicks)) * math.Pow(clicks, -.2)
	}
	return scores, support
}

func (o *oracle) tell(s int, newest string, weight float64, scores map[string]float64, support map[string]int) {
	items := o.sessions[s].items
	last := map[string]int{}
	for at, item := range items {
		last[item] = at
	}
	p := last[newest]
	for item, a := range last {
		weight := weight * []float64{1, 1.25, 1.5}[o.sessions[s].actions[a]]
		switch {
		case a-p > 15 || p-a > 15:
			continue
		case a >= p:
			scores[item] += weight * math.Exp(-.35*float64(a-p))
		default:
			scores[item] += weight * .7 * math.Exp(-.2*float64(p-a))
		}
		support[item]++
	}
}

// row is the co-occurrence row of an item.
func (o *oracle) row(i string) map[string]float64 {
	if row, ok := o.rows[i]; ok {
		return row
	}
	sums := map[string]float64{}
	with := o.with[i]
	for _, s := range with[max(0, len(with)-100):] {
		items := o.sessions[s].items
		for a := range items {
			for b := range items {
				switch gap := b - a; {
				case items[a] != i || gap == 0 || gap > 30 || gap < -30 || gap < 0 && items[b] == i:
				case gap > 0:
					sums[items[b]] += 1 / float64(gap) * math.Pow(float64(len(items)), -.6) * o.age(s)
				default:
					sums[items[b]] += .7 / float64(-gap) * math.Pow(float64(len(items)), -.6) * o.age(s)
				}
			}
		}
	}
	row := largest(sums, 128)
	for j := range row {
		row[j] /= math.Pow(float64(o.clicks[i]), .5) * math.Pow(float64(o.clicks[j]), .3)
	}
	o.rows[i] = row
	return row
}

// largest are the n largest entries, ties by name.
func largest(sums map[string]float64, n int) map[string]float64 {
	kept := map[string]float64{}
	for _, item := range byScore(sums)[:min(n, len(sums))] {
		kept[item] = sums[item]
	}
	return kept
}

func byScore(sums map[string]float64) []string {
	return slices.SortedFunc(maps.Keys(sums), func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b))
	})
}

func (o *oracle) next(item string) map[string]float64 {
	sums, with := map[string]float64{}, o.with[item]
	for _, s := range with[max(0, len(with)-300):] {
		items := o.sessions[s].items
		for a := range items {
			for b := a + 1; b < len(items) && items[a] == item; b++ {
				sums[items[b]] += 1 / float64((b-a)*(b-a))
			}
		}
	}
	return largest(sums, 128)
}

func (o *oracle) near(q Query) map[string]float64 {
	items, d := o.stepsBack(q)
	sums := map[string]float64{}
	for _, i := range items[:min(3, len(items))] {
		for j, x := range o.row(i) {
			sums[j] += math.Exp(-.3*float64(d[i])) * x
		}
	}
	return sums
}

func (o *oracle) hop(near map[string]float64) map[string]float64 {
	sums := map[string]float64{}
	for _, i := range byScore(near)[:min(20, len(near))] {
		row, sum := o.row(i), 0.
		for _, x := range row {
			sum += x
		}
		for j, x := range row {
			sums[j] += near[i] / math.Sqrt(sum) * x
		}
	}
	return sums
}
