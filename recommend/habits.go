package recommend

import "math"

// lookBack is how many of the newest events of a session something may return from.
const lookBack = 20

// habits count how shoppers go on: with the same item again, with one that they saw
// before, or with another. They are sums over the sessions in the index, each of
// which is taken off by exactly what it added.
type habits struct {
	steps   int // from a click to the next one of its session
	repeats int // the next one is of the same item
	others  int // steps that are no repeat and have two clicks before them
	returns int // of those: the next item is among the last 20
}

// count adds the steps that end at positions from ≤ i < to of a session's clicks,
// times sign. It costs O(20) a step.
func (h *habits) count(clicks []uint32, from, to, sign int) {
	for i := max(1, from); i < min(to, len(clicks)); i++ {
		h.steps += sign
		item := clicks[i] & itemMask
		if clicks[i-1]&itemMask == item {
			h.repeats += sign
			continue
		}
		if i < 2 {
			continue
		}
		h.others += sign
		for _, earlier := range clicks[max(0, i-lookBack):i] {
			if earlier&itemMask == item {
				h.returns += sign
				break
			}
		}
	}
}

// repeatLogit is the logit of the share of steps that stay with their item, returnLogit
// that of the share of others that return to one seen before. One step of each kind is
// taken for granted.
func (h *habits) repeatLogit() float64 { return logit(h.repeats, h.steps) }
func (h *habits) returnLogit() float64 { return logit(h.returns, h.others) }

func logit(part, whole int) float64 {
	return math.Log(float64(part+1) / float64(whole-part+1))
}
