package recommend

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// Tuning is what was learned of a shop. It stands in the log, as a weights.learned
// event, so that every replica ranks by it, a backup keeps it, and it can be put back.
type Tuning struct {
	Weights  map[string]float64 `json:"weights"` // by feature; one that is missing has its default
	Lessons  int                `json:"lessons"` // how many steps of sessions it was learned from, 0 of the default weights
	Before   *Figures           `json:"before,omitempty"`
	After    *Figures           `json:"after,omitempty"`
	Restores sessions.Seq       `json:"restores,omitempty"` // the tuning that is put back; 0 if this one is new
}

// Figures say how good a ranking was on sessions that it was not learned from.
type Figures struct {
	Predictions int     `json:"predictions"`
	HitRate     float64 `json:"hr@20"`
	MRR         float64 `json:"mrr@20"`
}

// Better reports whether these are reason enough to rank in a new way: the mean
// reciprocal rank is higher, and of a hundred hits not one is lost.
func (f Figures) Better(than Figures) bool {
	return f.MRR > than.MRR && f.HitRate >= .99*than.HitRate
}

// Named are the weights by their features' names.
func (w Weights) Named() map[string]float64 {
	named := make(map[string]float64, len(w))
	for i, weight := range w {
		named[feature(i).String()] = weight
	}
	return named
}

// weights are those of a tuning. Names that are not known, of a newer program, say nothing.
func (t Tuning) weights() Weights {
	w := DefaultWeights()
	for i := range w {
		if weight, ok := t.Weights[feature(i).String()]; ok {
			w[i] = weight
		}
	}
	return w
}

// StoredTuning is a tuning with where and when it stands in the log.
type StoredTuning struct {
	Seq sessions.Seq    `json:"seq"`
	At  sessions.Millis `json:"at"`
	Tuning
}

// Tunings lists those in the log, oldest first: the last one holds. Cost: a pass over
// the log.
func Tunings(tx *gorm.DB) ([]StoredTuning, error) {
	events, err := sessions.OfKind(tx, sessions.WeightsLearned)
	if err != nil {
		return nil, err
	}
	list := make([]StoredTuning, len(events))
	for i, e := range events {
		list[i].Seq, list[i].At = e.Seq, e.Received
		if list[i].Tuning, err = readTuning(e); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func readTuning(e *sessions.Event) (t Tuning, err error) {
	if err := json.Unmarshal(e.Data, &t); err != nil {
		return t, fmt.Errorf("read the weights of event %d: %w", e.Seq, err)
	}
	return t, nil
}

// weigh ranks by what was learned from here on.
func (r *Recommender) weigh(e *sessions.Event) error {
	t, err := readTuning(e)
	if err == nil {
		r.index.Weigh(t.weights())
	}
	return err
}

// Clicks reads the log and returns the clicks that it says, in its order, those on what
// there is to read included, and by whose weights recommendations are ranked at its end.
// It costs a few microseconds an event, and some eighty bytes a click.
func Clicks(ctx context.Context, log *sessions.Log) (clicks []Click, w Weights, err error) {
	r := newReading()
	for seq, head := sessions.Seq(0), log.Head().Seq; seq < head; {
		events, err := log.Since(ctx, seq, followBatch)
		if err != nil {
			return nil, r.weights, err
		}
		for _, e := range events {
			if err := r.take(e); err != nil {
				return nil, r.weights, err
			}
			seq = e.Seq
		}
	}
	return r.clicks, r.weights, nil
}

// reading is what was read of a log, for [Clicks].
type reading struct {
	memory  *memory
	shelf   *shelf
	names   map[string]string // of items, each to be held once
	clicks  []Click
	weights Weights
}

func newReading() *reading {
	r := &reading{memory: newMemory(), shelf: newShelf(), names: map[string]string{}, weights: DefaultWeights()}
	r.memory.reads = r.shelf.contents.read
	return r
}

// take reads the next event.
func (r *reading) take(e *sessions.Event) (err error) {
	if e.Kind == sessions.WeightsLearned {
		t, err := readTuning(e)
		if err != nil {
			return err
		}
		r.weights = t.weights()
	}
	from := len(r.clicks)
	if r.clicks, err = r.memory.take(e, r.clicks); err != nil {
		return fmt.Errorf("take in event %d: %w", e.Seq, err)
	}
	for i := range r.clicks[from:] { // the event's own copy of the name is let go
		c := &r.clicks[from+i]
		if name, ok := r.names[c.Item]; ok {
			c.Item = name
		} else {
			r.names[c.Item] = c.Item
		}
	}
	if p := entryOf(e); p != nil {
		r.shelf.take(*p, e)
	}
	return nil
}
