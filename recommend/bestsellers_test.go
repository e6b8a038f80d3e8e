package recommend

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

// TestBestsellersAreWhatIsPopularNow asks between any two events, so that lists of
// another moment would show.
func TestBestsellersAreWhatIsPopularNow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newTale(t)
		for range rapid.IntRange(1, 40).Draw(rt, "events") {
			s.happens(drawEvent(rt))
			if rapid.IntRange(0, 9).Draw(rt, "forgets") == 0 {
				e := event(sessions.ProductViewed, "v1")
				e.Seq = sessions.Seq(rapid.IntRange(1, int(s.seq)).Draw(rt, "forgotten"))
				s.r.Forget([]*sessions.Event{e})
			}
			category := rapid.SampledFrom([]string{"", "k", "l"}).Draw(rt, "asked category")
			n := rapid.IntRange(1, 20).Draw(rt, "n")
			want := s.r.index.Popular(n, func(item string) bool {
				return category != "" && s.r.shelf.category(item) != category || !s.r.shelf.sells(item)
			}, nil)
			got := s.r.bestsellers(bestsellersOf{category: category}, nil, n)
			if got = got[:min(n, len(got))]; !slices.Equal(got, want) {
				rt.Fatalf("the first %d in category %q are %v, want %v", n, category, got, want)
			}
		}
	})
}

func TestBestsellersReachAsFarAsTheyAreAsked(t *testing.T) {
	s := newTale(t)
	for i := range 3 * bestsellersListed {
		s.views(fmt.Sprint("v", i%7), fmt.Sprint("p", i))
	}
	for _, n := range []int{1, bestsellersListed, bestsellersListed + 1, 2, 3*bestsellersListed + 5, 7} {
		want := s.r.index.Popular(n, nil, nil)
		if got := s.r.bestsellers(bestsellersOf{}, nil, n); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("asked for %d, got %d that differ from %d", n, len(got), len(want))
		}
	}
}
