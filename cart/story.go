package cart

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"cartwright/sessions"
)

// Happening is one thing in the story of a cart or of a session.
type Happening struct {
	At    sessions.Millis
	Words string
}

// MarshalJSON writes the time as RFC 3339.
func (h Happening) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		At    time.Time `json:"at"`
		Words string    `json:"words"`
	}{h.At.Time(), h.Words})
}

// Story tells what became of a cart, in order and in words: what was decided, how
// the messages of it ended, and who came back by one. The decisions by themselves are
// [Store.Decisions].
func (s *Store) Story(ctx context.Context, c Cart) ([]Happening, error) {
	return s.story(ctx, subject{cart: c.ID}, c.Began)
}

// SessionStory tells what became of a session since it began, as [Store.Story] does of a cart.
func (s *Store) SessionStory(ctx context.Context, id sessions.SessionID, began sessions.Millis) ([]Happening, error) {
	return s.story(ctx, subject{session: id}, began)
}

// story tells what became of a subject in all its episodes, since it began.
func (s *Store) story(ctx context.Context, of subject, began sessions.Millis) ([]Happening, error) {
	story := []Happening{{began, "It began."}}
	decisions, err := s.decisions(ctx, of)
	if err != nil {
		return nil, err
	}
	for _, d := range decisions {
		words := d.Words()
		if d.Dry {
			words = "Dry run: " + words
		}
		story = append(story, Happening{d.At, words})
	}
	ended, err := s.endingsOf(ctx, of)
	if err != nil {
		return nil, err
	}
	story = append(story, ended...)
	var clicks []clickRow
	err = s.db.Read(ctx).Where("trigger_id IN (SELECT id FROM triggers WHERE cart = ? AND session = ?)", int64(of.cart), int64(of.session)).Find(&clicks).Error
	if err != nil {
		return nil, fmt.Errorf("load clicks on links to %s: %w", of, err)
	}
	for _, r := range clicks {
		story = append(story, Happening{sessions.Millis(r.At), fmt.Sprintf("The shopper came back by the link of step %d of the flow %s.", r.Step, r.Flow)})
	}
	slices.SortStableFunc(story, func(a, b Happening) int { return cmp.Compare(a.At, b.At) })
	return story, nil
}

// endingsOf tells how the messages of a subject ended.
func (s *Store) endingsOf(ctx context.Context, of subject) ([]Happening, error) {
	var rows []struct {
		Kind, Channel, Outcome, Reason string
		Step, At                       int64
	}
	err := s.db.Read(ctx).Raw(`SELECT triggers.kind, triggers.step, endings.channel, endings.outcome, endings.reason, endings.at
		FROM triggers JOIN endings ON endings.trigger_id = triggers.id WHERE triggers.cart = ? AND triggers.session = ? ORDER BY endings.seq`,
		int64(of.cart), int64(of.session)).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load how the messages of %s ended: %w", of, err)
	}
	var story []Happening
	for _, r := range rows {
		what := fmt.Sprintf("The webhook %s", r.Kind)
		if Channel(r.Channel) == Email {
			what = fmt.Sprintf("The mail of step %d", r.Step)
		}
		words := what + " ended: " + r.Outcome
		if r.Reason != "" {
			words += ", because " + Reason(r.Reason).Words()
		}
		if r.Outcome == mailArrived {
			words = what + " arrived"
		}
		story = append(story, Happening{sessions.Millis(r.At), words + "."})
	}
	return story, nil
}
