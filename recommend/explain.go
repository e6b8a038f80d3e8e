package recommend

// explain returns what the score of an item is the sum of. Where it is no sum, as the cosine of
// a pair, it is the only term.
func (a *answering) explain(s Strategy, f found) []Term {
	if terms := a.terms[f.Item]; terms != nil || !a.request.Explain {
		return terms
	}
	if s == SimilarProducts {
		return a.shelf.resemblance.terms(a.led(f), f.Item)
	}
	return []Term{{string(s), f.Score, 1}}
}

// led is the item that led to another: if none is named, that of the page.
func (a *answering) led(f found) string {
	if f.seed == "" {
		return string(a.request.Item)
	}
	return f.seed
}
