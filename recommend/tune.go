package recommend

import (
	"context"
	"math"
)

// How weights are learned.
const (
	TuneAtLeast = 1_000 // predictions, below which nothing is learned
	TuneAtMost  = 8_000 // predictions, the newest
	tunePasses  = 3
	tuneBatch   = 8
	tuneStep    = .05
)

// Lesson is one step of a session that is not in the index: what came before, and
// what was next.
type Lesson struct {
	Past []string
	Next string
}

// Lessons are the steps of sessions in the order of their times, each session given by
// its items; the newest [TuneAtMost] of them.
func Lessons(sessions [][]string) []Lesson {
	var all []Lesson
	for _, items := range sessions {
		for i := 1; i < len(items); i++ {
			all = append(all, Lesson{items[:i:i], items[i]})
		}
	}
	return all[max(0, len(all)-TuneAtMost):]
}

// Tune learns weights from lessons in their order, beginning with the given ones, and
// returns them with how many lessons it learned from: those whose next item was a
// candidate. Below [TuneAtLeast] lessons it returns what it was given. The index must
// not contain the sessions that lessons are from.
//
// Learned is a softmax over the candidates of each lesson, against cross-entropy: three
// passes, eight lessons at a time, by Adagrad (Duchi, Hazan and Singer, 2011), with
// features divided by their deviation over all candidates; the weights are the average of
// those in the second half. It costs four blends a lesson.
func (x *Index) Tune(ctx context.Context, w Weights, lessons []Lesson) (tuned Weights, learned int, err error) {
	if len(lessons) < TuneAtLeast {
		return w, 0, nil
	}
	var p pupil
	if learned, err = p.measure(ctx, x, lessons); err != nil || learned == 0 {
		return w, learned, err
	}
	for i := range w {
		p.weights[i] = w[i] * p.deviation[i]
		p.gradients[i] = 1
	}
	total := tunePasses * len(lessons)
	for step := range total {
		if err := ctx.Err(); err != nil {
			return w, 0, err
		}
		p.learn(x, lessons[step%len(lessons)])
		if p.pending == tuneBatch || step == total-1 {
			p.move()
			if 2*step >= total {
				p.remember()
			}
		}
	}
	for i := range tuned {
		tuned[i] = p.sum[i] / float64(p.summed) / p.deviation[i]
	}
	return tuned, learned, nil
}

// pupil is the state of learning.
type pupil struct {
	deviation Weights // of each feature
	weights   Weights // of features divided by their deviation
	gradients Weights // sums of their squares, from 1 on
	gradient  Weights // of the lessons that are pending
	pending   int
	sum       Weights // of the weights to be averaged
	summed    int

	judged [][features]float64
	shares []float64
}

// measure finds the deviation of each feature over all candidates, and how many
// lessons have their next item among them.
func (p *pupil) measure(ctx context.Context, x *Index, lessons []Lesson) (learned int, err error) {
	var n float64
	var mean, squares Weights
	for _, lesson := range lessons {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if p.look(x, lesson) >= 0 {
			learned++
		}
		for i := range p.judged {
			n++
			for k, value := range p.judged[i] { // Welford's method
				delta := value - mean[k]
				mean[k] += delta / n
				squares[k] += delta * (value - mean[k])
			}
		}
	}
	for k := range squares {
		if p.deviation[k] = math.Sqrt(squares[k] / max(n, 1)); p.deviation[k] == 0 {
			p.deviation[k] = 1 // it never differs, and nothing is learned of it
		}
	}
	return learned, nil
}

// look judges the candidates of a lesson and returns which of them was next, -1 if
// none was.
func (p *pupil) look(x *Index, lesson Lesson) (next int) {
	v, s := x.begin()
	defer x.end(s)
	p.judged, next = p.judged[:0], -1
	q := Query{Items: lesson.Past, M: ServingM, K: BlendK, N: 1}
	if !v.recall(s, &q) {
		return next
	}
	v.scoreAll(s, &q)
	j := v.judge(s)
	wanted, known := v.items.find(lesson.Next)
	for i, item := range s.propose() {
		if known && item == wanted {
			next = i
		}
		p.judged = append(p.judged, [features]float64{})
		j.features(item, &p.judged[i])
	}
	return next
}

// learn adds the gradient of one lesson.
func (p *pupil) learn(x *Index, lesson Lesson) {
	next := p.look(x, lesson)
	if next < 0 {
		return
	}
	p.pending++
	p.shares = p.shares[:0]
	greatest, sum := math.Inf(-1), 0.
	for i := range p.judged {
		score := 0.
		for k := range p.judged[i] {
			p.judged[i][k] /= p.deviation[k]
			score += p.weights[k] * p.judged[i][k]
		}
		p.shares = append(p.shares, score)
		greatest = max(greatest, score)
	}
	for i, score := range p.shares {
		p.shares[i] = math.Exp(score - greatest)
		sum += p.shares[i]
	}
	for i := range p.judged {
		share := p.shares[i] / sum
		if i == next {
			share--
		}
		for k, value := range p.judged[i] {
			p.gradient[k] += share * value
		}
	}
}

// move takes a step against the gradient of the pending lessons.
func (p *pupil) move() {
	if p.pending == 0 {
		return
	}
	for k := range p.gradient {
		g := p.gradient[k] / float64(p.pending)
		p.gradients[k] += g * g
		p.weights[k] -= tuneStep * g / math.Sqrt(p.gradients[k])
	}
	p.gradient, p.pending = Weights{}, 0
}

// remember adds the weights to those that are averaged.
func (p *pupil) remember() {
	for k := range p.weights {
		p.sum[k] += p.weights[k]
	}
	p.summed++
}
