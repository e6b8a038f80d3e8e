package evaluate

import (
	"slices"

	"cartwright/recommend"
)

// Protocol says which items of test sessions are predicted and what counts as a
// hit. Both protocols drop test items that training lacks, then test sessions of
// fewer than two items, and at every position from the second on predict only the
// next item, among all items of the training.
type Protocol string

const (
	// Next is how session-rec measures: items of the session so far may be
	// recommended and hit, the current one included.
	Next Protocol = "next"
	// Serenade is how Serenade measures (Kersbergen, Sprangers and Schelter,
	// "Serenade - Low-Latency Session-Based Recommendation in e-Commerce at Scale",
	// 2022): the current item is left out of the finished list, and a step whose
	// next item is the current one is a miss.
	Serenade Protocol = "serenade"
)

// Protocols returns all protocols, the default first.
func Protocols() []Protocol { return []Protocol{Next, Serenade} }

// testSessions returns the items of the test sessions that training allows to
// predict.
func testSessions(clicks []Click, t *training) [][]string {
	var tests [][]string
	for _, s := range bySession(clicks) {
		known := slices.DeleteFunc(s.items, func(item string) bool { return t.counts[item] == 0 })
		if len(known) > 1 {
			tests = append(tests, known)
		}
	}
	return tests
}

// wanted is how many items a predictor is asked for, so that length remain.
func (p Protocol) wanted(length int) int {
	if p == Serenade {
		return length + 1
	}
	return length
}

// admit returns what of a finished list counts after a prefix.
func (p Protocol) admit(list []recommend.Scored, prefix []string, length int) []recommend.Scored {
	if p == Serenade {
		current := prefix[len(prefix)-1]
		list = slices.DeleteFunc(list, func(s recommend.Scored) bool { return s.Item == current })
	}
	return list[:min(len(list), length)]
}
