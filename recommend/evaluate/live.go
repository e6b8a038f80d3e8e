package evaluate

import "cartwright/recommend"

// live asks the index that serves shops, with the settings it serves with.
type live struct {
	ask func(recommend.Query, []recommend.Scored) []recommend.Scored
	k   int
}

// newKNN and newBlend build the index from the clicks in the order of their times.
func newKNN(t *training) Predictor { return live{built(t).Neighbours, recommend.ServingK} }

func newBlend(t *training) Predictor { return live{built(t).Blend, recommend.BlendK} }

// BlendWith is the strategy blend with weights of its own.
func BlendWith(w recommend.Weights) Strategy {
	return Strategy{"blend", "the blend with other weights", func(t *training) Predictor {
		index := built(t)
		index.Weigh(w)
		return live{index.Blend, recommend.BlendK}
	}}
}

func built(t *training) *recommend.Index {
	index := recommend.NewIndex(t.limits)
	index.Append(t.clicks...)
	return index
}

// Predict asks as a shop does for a shopper's own session.
func (l live) Predict(prefix []string, n int, dst []recommend.Scored) []recommend.Scored {
	return l.ask(recommend.Query{Items: prefix, M: recommend.ServingM, K: l.k, N: n}, dst)
}
