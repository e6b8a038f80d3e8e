package sessions

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What a stream finds by searching is what [Cut] finds by looking at every session,
// also where many lie over each other, begin at the same moment, or are stretched by
// late events.
func TestStreamFindsWhatCutFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings := DefaultSettings()
		settings.SessionEvents = rapid.SampledFrom([]int{2, 5, 5000}).Draw(t, "events")
		st := &stream{}
		var spans []Span
		for seq := range rapid.IntRange(1, 200).Draw(t, "n") {
			settings.SessionTimeout = time.Duration(rapid.SampledFrom([]int{0, 5, 30}).Draw(t, "timeout")) * time.Millisecond
			settings.SessionMaximum = time.Duration(rapid.SampledFrom([]int{20, 100}).Draw(t, "maximum")) * time.Millisecond
			e := &Event{
				Seq: Seq(seq + 1), Kind: Page, Visitor: VisitorID(rapid.IntRange(1, 2).Draw(t, "visitor")),
				Occurred: Millis(rapid.IntRange(1000, 1200).Draw(t, "at")),
			}
			e.Anonymous = "a"
			e.Session = rapid.SampledFrom([]string{"", "", "", "", "s", "t"}).Draw(t, "session")
			e.Campaign = &Campaign{Source: rapid.SampledFrom([]string{"", "", "x", "y"}).Draw(t, "campaign")}
			at := Cut(spans, e, settings)
			found := st.find(e, settings, func(v VisitorID) VisitorID { return v })
			switch {
			case at < 0 && found == nil:
				spans = append(spans, Begin(e))
				st.hold(&state{span: Begin(e)})
			case at < 0 || found == nil || spans[at].ID != found.span.ID:
				t.Fatalf("event %d at %d: found %+v, want number %d of %+v", e.Seq, e.Occurred, found, at, spans)
			default:
				spans[at] = spans[at].With(e)
				st.join(found, e)
				if spans[at] != found.span {
					t.Fatalf("joined to %+v, want %+v", found.span, spans[at])
				}
			}
		}
		if st.len() != len(spans) {
			t.Errorf("%d sessions are held, want %d", st.len(), len(spans))
		}
	})
}

// BenchmarkCrowdedStream folds the next event of a browser that has begun many sessions
// within their timeout, each with a campaign of its own.
func BenchmarkCrowdedStream(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			settings, st := DefaultSettings(), &stream{}
			for i := range n {
				e := &Event{Seq: Seq(i + 1), Kind: Page, Visitor: 1, Occurred: Millis(1_000_000 + i%1000)}
				e.Campaign = &Campaign{Source: fmt.Sprint(i)}
				st.hold(&state{span: Begin(e)})
			}
			e := &Event{Seq: Seq(n + 1), Kind: Page, Visitor: 1}
			for i := 0; b.Loop(); i++ {
				e.Occurred = Millis(1_000_000 + i%2000)
				if s := st.find(e, settings, func(v VisitorID) VisitorID { return v }); s == nil {
					b.Fatal("there is none")
				}
			}
		})
	}
}
