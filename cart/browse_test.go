package cart_test

import (
	"context"
	"slices"
	"testing"

	"cartwright/cart"
	"cartwright/sessions"
)

// wantStory asks what became of a session, and whether its decisions alone say the same.
func (s *shop) wantStory(id sessions.SessionID, want ...string) {
	s.t.Helper()
	story, err := s.store.SessionStory(s.t.Context(), id, millis(0))
	if err != nil {
		s.t.Fatal(err)
	}
	decisions, err := s.store.SessionDecisions(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	var words, decided []string
	for _, h := range story {
		words = append(words, h.Words)
	}
	for _, d := range decisions {
		decided = append(decided, d.Words())
	}
	if !slices.Equal(words, want) || !slices.Equal(decided, want[1:]) {
		s.t.Errorf("the story of session %d is %q, the decisions on it %q, want %q", id, words, decided, want)
	}
}

func viewed(who, product string) *sessions.Event {
	return event(sessions.ProductViewed, sessions.Browser, by(who), of(product, 1, 500))
}

func TestBrowsersAreRemindedOfWhatTheyLookedAt(t *testing.T) {
	story(t, func(s *shop) {
		s.flows(0, "- {name: looking, kind: browse, wait: 2h, steps: [{offset: 0s}, {offset: 1d}]}")
		s.detect(0)
		s.happens(0, viewed("ann", "cup"), viewed("bob", "cup"), viewed("cas", "cup"), page("dan"), viewed("eve", "cup"))
		s.happens(5, added("bob", "cup"), ordered("1", by("cas")))
		s.happens(90, viewed("eve", "pot")) // another session: the first is not her last
		s.follows()
		s.wantReport(s.detect(2*hour-1), cart.Report{})
		s.wantReport(s.detect(2*hour), cart.Report{Sessions: 1, Triggers: 2, Steps: 1})
		s.wantReport(s.detect(2*hour), cart.Report{})
		s.wantReport(s.detect(90+2*hour), cart.Report{Sessions: 1, Triggers: 2, Steps: 1})
		s.happens(20*hour, added("eve", "pot"))
		s.follows()
		s.detect(30 * hour)
		s.expect(sequence, `
			cart session step outcome  reason   channels
			0    3       0    trigger  idle     ""
			0    3       1    trigger  idle     webhook
			0    10      0    trigger  idle     ""
			0    10      1    trigger  idle     webhook
			0    3       2    trigger  idle     webhook
			0    10      2    suppress has_cart ""`)
		s.wantStory(3, "It began.", "The shopper left without a cart at 2026-03-01T12:00:00Z, and entered the flow looking, whose first step is due at 2026-03-01T12:00:00Z.",
			"Step 1 of the flow looking was due, to go out by the shop's endpoints.", "Step 2 of the flow looking was due, to go out by the shop's endpoints.")
		s.wantStory(5, "It began.")
		trigger, err := s.store.Trigger(context.Background(), "trg_s3_1_browse_abandoned")
		if err != nil {
			t.Fatal(err)
		}
		m, err := cart.NewMessages(s.rules).Message(s.db.Read(context.Background()), trigger)
		if err != nil {
			t.Fatal(err)
		}
		s.wantShown(m, `{"type":"browse.abandoned","timestamp":"2026-03-01T12:00:00Z","data":{"cart":null,"visitor":{"id":3,"anonymous_id":"ann",`+
			`"anonymous_ids":["ann"],"emails":[]},"trigger_id":"trg_s3_1_browse_abandoned","order":null,`+
			`"session":{"id":3,"products":["cup"],"abandoned_at":"2026-03-01T12:00:00Z"}}}`)
	})
}
