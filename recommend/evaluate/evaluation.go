package evaluate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"cartwright/recommend"
)

// ErrNothing is returned where there is nothing to learn from or to predict.
var ErrNothing = errors.New("nothing to evaluate")

// Options say how a test is made.
type Options struct {
	Protocol  Protocol // Next if empty
	MinPrefix int      // only predict after at least so many items; at least 1

	Limits recommend.Limits // the window of what serves shops; none if zero
}

// Evaluation is a training and a test, on which any strategy can be measured.
type Evaluation struct {
	options  Options
	training *training
	tests    [][]string
	steps    int
}

// New prepares an evaluation from the clicks of both parts, in any order; those of
// one session and time stay in the order given. It holds both in memory, some 100
// bytes a click. The error wraps [ErrNothing].
func New(train, test []Click, o Options) (*Evaluation, error) {
	if o.Protocol == "" {
		o.Protocol = Next
	}
	o.MinPrefix = max(1, o.MinPrefix)
	e := &Evaluation{options: o, training: newTraining(train)}
	e.training.limits = o.Limits
	if len(train) == 0 {
		return nil, fmt.Errorf("%w: the training is empty", ErrNothing)
	}
	e.tests = testSessions(test, e.training)
	for _, items := range e.tests {
		e.steps += max(0, len(items)-o.MinPrefix)
	}
	if e.steps == 0 {
		return nil, fmt.Errorf("%w: no test session has more than %d of the items that the training has", ErrNothing, o.MinPrefix)
	}
	return e, nil
}

// Size is how much there is of something.
type Size struct{ Clicks, Sessions, Items int }

// Training returns how much is learned from.
func (e *Evaluation) Training() Size {
	return Size{len(e.training.clicks), len(e.training.sessions), len(e.training.counts)}
}

// Predictions returns how many predictions each measurement makes.
func (e *Evaluation) Predictions() int { return e.steps }

// Sessions returns how many test sessions are predicted, at one place or more.
func (e *Evaluation) Sessions() (n int) {
	for _, items := range e.tests {
		if len(items) > e.options.MinPrefix {
			n++
		}
	}
	return n
}

// Measure lets a strategy learn the training and predict the test, one prediction
// after the other, and calls done after each. The memory it measures is what the
// heap grew by, so nothing else should be going on in the process. The error is
// that of the context.
func (e *Evaluation) Measure(ctx context.Context, s Strategy, done func()) (Measures, error) {
	before := heap()
	began := time.Now()
	predictor := s.build(e.training)
	built := time.Since(began)
	size := max(0, heap()-before)
	t := &tally{training: e.training, recommended: map[string]bool{}}
	if err := e.predict(ctx, predictor, t, done); err != nil {
		return Measures{}, err
	}
	m := t.measures()
	m.Strategy, m.IndexBytes, m.BuildMillis = s.Name, size, float64(built)/float64(time.Millisecond)
	return m, nil
}

// predict makes all predictions.
func (e *Evaluation) predict(ctx context.Context, predictor Predictor, t *tally, done func()) error {
	var list []recommend.Scored
	for _, items := range e.tests {
		for i := e.options.MinPrefix; i < len(items); i++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			began := time.Now()
			list = predictor.Predict(items[:i:i], e.options.Protocol.wanted(length), list[:0])
			took := time.Since(began)
			t.add(e.options.Protocol.admit(list, items[:i], length), items[i], took)
			done()
		}
	}
	return nil
}

// heap returns how many bytes are in use, after two collections: pools let go with the
// second.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
