package recommend

import "strconv"

// appendReason says in words why an item is recommended.
func (a *answering) appendReason(dst []byte, s Strategy, f found) []byte {
	switch s {
	case BuyAgain:
		if f.Support == 0 {
			return append(dst, "bought before"...)
		}
		return appendCount(append(dst, "bought before, usually again after "...), f.days, "day")
	case LikelyNext, SimilarSessions:
		if f.Support == 0 {
			return append(dst, "goes with what was looked at"...)
		}
		return appendCount(append(dst, "seen in "...), f.Support, "similar session")
	case ViewTogether:
		dst = a.appendSeed(append(dst, "viewed together"...), f)
		return appendCount(append(dst, " by "...), f.Support, "session")
	case BuyTogether:
		dst = a.appendSeed(append(dst, "bought together"...), f)
		return appendCount(append(dst, " in "...), f.Support, "order")
	case SimilarProducts:
		dst = append(dst, "similar product"...)
		if f.seed != "" {
			dst = append(append(dst, " to "...), a.shelf.name(f.seed)...)
		}
		return appendLikeness(dst, a.shelf.entries[a.led(f)], a.shelf.entries[f.Item])
	case CategoryPopular:
		dst = append(append(dst, "popular in "...), a.shelf.category(f.Item)...)
		return appendCount(append(dst, ": "...), f.Support, "session")
	case PopularNow:
		return appendCount(append(dst, "popular now: "...), f.Support, "session")
	}
	return append(dst, "from the catalog"...)
}

// appendSeed names the item that led to another.
func (a *answering) appendSeed(dst []byte, f found) []byte {
	if f.seed == "" {
		return dst
	}
	return append(append(dst, " with "...), a.shelf.name(f.seed)...)
}

// appendCount appends a number with its noun.
func appendCount(dst []byte, n int, noun string) []byte {
	dst = append(append(strconv.AppendInt(dst, int64(n), 10), ' '), noun...)
	if n != 1 {
		dst = append(dst, 's')
	}
	return dst
}
