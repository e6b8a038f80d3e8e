package evaluate

import "cartwright/recommend"

// live asks the index that serves shops.
type live struct{ index *recommend.Index }

// newLive builds the index from the clicks in the order of their times.
func newLive(t *training) Predictor {
	index := recommend.NewIndex(recommend.Limits{})
	index.Append(t.clicks...)
	return live{index}
}

// Predict asks as a shop does for a shopper's own session.
func (l live) Predict(prefix []string, n int, dst []recommend.Scored) []recommend.Scored {
	newest := prefix[max(0, len(prefix)-recommend.ServingItems):]
	return l.index.Neighbours(recommend.Query{
		Items: newest, M: recommend.ServingM, K: recommend.ServingK, N: n,
	}, dst)
}
