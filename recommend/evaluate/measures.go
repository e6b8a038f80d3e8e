package evaluate

import (
	"math"
	"slices"
	"time"

	"cartwright/recommend"
)

// length is how many items of a list are looked at.
const length = 20

// Measures are how well a strategy foresaw the next items of a test, each the mean
// over all predictions unless it says otherwise. All but the last six are shares
// from 0 to 1. A list of fewer items than asked for counts as it is: what is
// missing is no hit.
type Measures struct {
	Strategy    string `json:"strategy"`
	Predictions int    `json:"predictions"`
	// HR is the hit rate: how often the next item is among the first 5, 10, 20.
	HR5  float64 `json:"hr@5"`
	HR10 float64 `json:"hr@10"`
	HR20 float64 `json:"hr@20"`
	// MRR is the mean of 1 / rank of the next item, 0 beyond 20.
	MRR20 float64 `json:"mrr@20"`
	// NDCG is the mean of 1 / log2(rank + 1), 0 beyond 20.
	NDCG20 float64 `json:"ndcg@20"`
	// Precision is the share of 20 items that come next, a twentieth of the hit rate
	// because one does. Recall is the share of what comes next that is in the list,
	// which is the hit rate.
	Precision20 float64 `json:"precision@20"`
	Recall20    float64 `json:"recall@20"`
	// Coverage is the share of the training's items that are in any list.
	Coverage20 float64 `json:"coverage@20"`
	// Popularity is the mean, over a list, of an item's clicks in the training over
	// those of the most clicked item.
	Popularity20 float64 `json:"popularity@20"`
	// The time of one prediction in microseconds, and what half, nine tenths and 99
	// of 100 take at most.
	Mean float64 `json:"mean_us"`
	P50  float64 `json:"p50_us"`
	P90  float64 `json:"p90_us"`
	P99  float64 `json:"p99_us"`
	// IndexBytes is what the predictor holds in memory before it is first asked,
	// without the texts of the item ids, which it shares with the training.
	IndexBytes int64 `json:"index_bytes"`
	// BuildMillis is how long it took to learn the training, in milliseconds.
	BuildMillis float64 `json:"build_ms"`
}

// tally sums up predictions.
type tally struct {
	training    *training
	ranks       [length + 1]int // how often the next item had a rank, from 1; at 0, none
	popularity  float64
	recommended map[string]bool
	took        []time.Duration
	predictions int
}

// add counts a finished list.
func (t *tally) add(list []recommend.Scored, next string, took time.Duration) {
	t.predictions++
	t.took = append(t.took, took)
	t.ranks[1+slices.IndexFunc(list, func(s recommend.Scored) bool { return s.Item == next })]++
	var clicks int
	for _, s := range list {
		t.recommended[s.Item] = true
		clicks += t.training.counts[s.Item]
	}
	if len(list) > 0 {
		t.popularity += float64(clicks) / float64(len(list)) / float64(t.training.highest)
	}
}

// measures returns what the tally comes to.
func (t *tally) measures() Measures {
	m := Measures{Predictions: t.predictions}
	for rank, n := range t.ranks {
		if rank == 0 {
			continue
		}
		share := float64(n) / float64(t.predictions)
		if rank <= 5 {
			m.HR5 += share
		}
		if rank <= 10 {
			m.HR10 += share
		}
		m.HR20 += share
		m.MRR20 += share / float64(rank)
		m.NDCG20 += share / math.Log2(float64(rank+1))
	}
	m.Precision20, m.Recall20 = m.HR20/length, m.HR20
	m.Coverage20 = float64(len(t.recommended)) / float64(len(t.training.counts))
	m.Popularity20 = t.popularity / float64(t.predictions)
	t.time(&m)
	return m
}

// time fills in how long predictions took.
func (t *tally) time(m *Measures) {
	slices.Sort(t.took)
	var sum time.Duration
	for _, d := range t.took {
		sum += d
	}
	micros := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	at := func(share float64) float64 { return micros(t.took[int(share*float64(len(t.took)-1))]) }
	m.Mean = micros(sum) / float64(len(t.took))
	m.P50, m.P90, m.P99 = at(.5), at(.9), at(.99)
}
