package recommend

import (
	"math"
	"slices"
)

// blend answers with the recipe, line by line.
func (o *oracle) blend(q Query) []Scored {
	items, d := o.stepsBack(q)
	if len(items) == 0 {
		return nil
	}
	knn, support := o.knn(q)
	near := o.near(q)
	next, current, confidence := map[string]float64{}, "", -2.
	if d[items[0]] == 0 {
		current = items[0]
		next, confidence = o.next(current), math.Log(float64(o.clicks[current]+1))-4
	}
	kinds := []map[string]float64{knn, next, near, o.hop(near)}
	candidates := map[string]bool{}
	for i, n := range []int{100, 40, 40, 60} {
		for _, item := range byScore(kinds[i])[:min(n, len(kinds[i]))] {
			candidates[item] = true
		}
	}
	for _, item := range items {
		if d[item] < 20 && slices.Contains(q.Items, item) {
			candidates[item] = true
		}
	}
	var greatest [4]float64
	for i, of := range kinds {
		for _, score := range of {
			greatest[i] = max(greatest[i], score)
		}
	}
	scores := map[string]float64{}
	for j := range candidates {
		var x, lg [4]float64
		for i, of := range kinds {
			if len(of) > 0 {
				x[i] = of[j] / greatest[i]
			}
			lg[i] = math.Log(x[i] + .001)
		}
		scores[j] = o.judge(j, current, confidence, x, lg) + o.returns(j, current, confidence, q, d)
	}
	for _, s := range o.sessions {
		for _, item := range s.items {
			if s.key == q.Own && support[item] == 0 && !slices.Contains(q.Items, item) {
				delete(scores, item) // only the asking session speaks for it
			}
		}
	}
	for item := range scores {
		if len(o.sessions) < o.thin && support[item] == 0 && !slices.Contains(q.Items, item) {
			delete(scores, item)
		}
	}
	o.doubt(q, scores, support, func(score, part float64) float64 { return score + math.Log(part) })
	for _, item := range slices.Concat(q.Items, q.Earlier) {
		if q.Unseen {
			delete(scores, item)
		}
	}
	return best(scores, support, q.N, q.Exclude)
}

func (o *oracle) judge(j, current string, c float64, x, lg [4]float64) float64 {
	return (.5859076+.026106356*c)*lg[0] - 1.0392402*x[0] +
		(.07741039+.031108279*c)*lg[1] + (.5462426+.12718552*c)*x[1] -
		.21185532*lg[2] + (.9191727-.13955735*c)*x[2] +
		(.74990946+.046311416*c)*lg[3] + (-.6379203-.05228196*c)*x[3] -
		.23965186*math.Log(float64(o.clicks[j]+1)) + .30675632*math.Log(float64(o.newest[j]+1))
}

// returns is what is added to an item that was clicked on before.
func (o *oracle) returns(j, current string, c float64, q Query, d map[string]int) (sum float64) {
	times := 0
	for _, item := range q.Items {
		if item == j {
			times++
		}
	}
	if times == 0 {
		return 0
	}
	if j == current {
		sum = .8516148 + .39636517*o.repeat - .26998696*c
	} else {
		sum = .8485731 + .51278067*math.Log(float64(d[j]+1)) + .86672556*o.come
		if d[j] == 1 {
			sum += .48941988
		}
	}
	return sum + .98075944*math.Log(float64(times))
}
