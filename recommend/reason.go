package recommend

import "fmt"

// reason says in words why an item is recommended.
func (a *answering) reason(s Strategy, f found) string {
	with := ""
	if f.seed != "" {
		with = " with " + a.shelf.name(f.seed)
	}
	switch s {
	case SimilarSessions:
		return "seen in " + count(f.Support, "similar session")
	case ViewTogether:
		return "viewed together" + with + " by " + count(f.Support, "session")
	case BuyTogether:
		return "bought together" + with + " in " + count(f.Support, "order")
	case CategoryPopular:
		return "popular in " + a.shelf.category(f.Item) + ": " + count(f.Support, "session")
	case PopularNow:
		return "popular now: " + count(f.Support, "session")
	}
	return "from the catalog"
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
