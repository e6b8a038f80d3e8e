// Package evaluate measures how well recommendations foresee what shoppers did.
//
// # Words
//
// Training is the sessions that a strategy learns from; the test is sessions that
// came after. A strategy builds a predictor from the training. A prediction is
// the list of items that a predictor expects after the beginning of a test
// session, the prefix; it is a hit if the item that really came next is in it. A
// protocol says which prefixes are predicted and what counts. The measures of all
// predictions together are what strategies are compared by, see [Measures].
//
// # Strategies
//
// Beside what serves shops stand published methods that are known well, written
// for clarity, with the settings that their authors found best: association rules,
// sequential rules, and two kinds of nearest neighbours of sessions. They give the
// figures of session-rec, the collection of these methods by those who published
// most of them (Ludewig, Mauro, Latifi and Jannach, "Empirical analysis of
// session-based recommendation algorithms", 2020), so that figures from here can
// be put beside those of papers, and so that a mistake in measuring shows.
//
// Nothing here is random: equal scores are ordered by item id, those of rules by
// when they were found, equal times by session id. The same files give the same
// figures, times and bytes aside.
package evaluate
