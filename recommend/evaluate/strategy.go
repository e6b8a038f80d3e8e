package evaluate

import "cartwright/recommend"

// Predictor foresees how sessions go on. One goroutine at a time asks it.
type Predictor interface {
	// Predict appends at most n items that may come after the items of a session so
	// far, oldest first, to dst: the likeliest first, equal ones in a fixed order.
	Predict(prefix []string, n int, dst []recommend.Scored) []recommend.Scored
}

// Strategy is a way to recommend that can be measured.
type Strategy struct {
	Name    string
	Purpose string // what it is, in a few words
	build   func(*training) Predictor
}

// Strategies returns all there are, in the order in which they are shown: the
// published ones from the simplest on, then those that serve shops.
func Strategies() []Strategy {
	return []Strategy{
		{"ar", "association rules: what is in the same sessions as the current item", newAssociationRules},
		{"sr", "sequential rules: what followed the current item, the sooner the better", newSequentialRules},
		{"vsknn", "nearest neighbours of the session, its newest items weighing most", vsknn().build},
		{"vstan", "the same with the age of sessions and distances within them", vstan().build},
		{"knn", "the neighbours that the live index finds with the settings it serves with", newKNN},
		{"blend", "these, sequential rules and two steps of what stands near, ranked together", newBlend},
	}
}
