package recommend

import "math"

// judgement scores the candidates of one query.
type judgement struct {
	*view
	s          *scratch
	greatest   [kinds]float64
	current    uint32 // the item of the newest click, if confidence is of one
	known      bool
	confidence float64
	logWeight  [kinds]float64 // of the logarithm of each score, confidence taken in
	weight     [kinds]float64 // of the score itself
}

// floor is added to a score before its logarithm is taken.
const floor = .001

var logFloor = math.Log(floor)

// judge prepares to score the candidates of a query whose scores are all there.
func (v *view) judge(s *scratch) *judgement {
	j := &s.judgement
	*j = judgement{view: v, s: s, confidence: -2}
	for kind, list := range s.leaders {
		for _, r := range list {
			j.greatest[kind] = max(j.greatest[kind], r.score)
		}
	}
	if p := s.past[0]; p.steps == 0 {
		j.current, j.known = p.item, true
		j.confidence = v.tables.log(int(v.items.of(p.item).clicks)+1) - 4
	}
	w, c := &v.weights, j.confidence
	j.logWeight = [kinds]float64{
		byKNN: w[knnLog] + c*w[confidentKnnLog], byNext: w[nextLog] + c*w[confidentNextLog],
		byNear: w[nearLog], byHop: w[hopLog] + c*w[confidentHopLog],
	}
	j.weight = [kinds]float64{
		byKNN: w[knnLinear], byNext: w[nextLinear] + c*w[confidentNextLinear],
		byNear: w[nearLinear] + c*w[confidentNearLinear], byHop: w[hopLinear] + c*w[confidentHopLinear],
	}
	return j
}

// score is the sum of a candidate's features, each with its weight, added up by kinds.
func (j *judgement) score(item uint32) (sum float64) {
	part, log := j.scores(item)
	for kind := range part {
		sum += j.logWeight[kind]*log[kind] + j.weight[kind]*part[kind]
	}
	counted := j.items.of(item)
	sum += j.weights[popularLog]*j.tables.log(int(counted.clicks)+1) + j.weights[newestLog]*j.tables.log(int(counted.newest)+1)
	if p := j.s.seen(item); p != nil {
		var f [features]float64
		j.pastFeatures(p, &f)
		for i, value := range f {
			sum += j.weights[i] * value
		}
	}
	return sum
}

// scores are a candidate's, as parts of the greatest, and their logarithms.
func (j *judgement) scores(item uint32) (part, log [kinds]float64) {
	for kind := range part {
		log[kind] = logFloor
		if score := j.s.scoreOf(kind, item); score > 0 {
			part[kind] = score / j.greatest[kind]
			log[kind] = math.Log(part[kind] + floor)
		}
	}
	return part, log
}

// features fills in what a candidate is judged by.
func (j *judgement) features(item uint32, f *[features]float64) {
	part, log := j.scores(item)
	f[knnLog], f[knnLinear] = log[byKNN], part[byKNN]
	f[nextLog], f[nextLinear] = log[byNext], part[byNext]
	f[nearLog], f[nearLinear] = log[byNear], part[byNear]
	f[hopLog], f[hopLinear] = log[byHop], part[byHop]
	counted := j.items.of(item)
	f[popularLog] = j.tables.log(int(counted.clicks) + 1)
	f[newestLog] = j.tables.log(int(counted.newest) + 1)
	f[confidentNextLog] = j.confidence * log[byNext]
	f[confidentNextLinear] = j.confidence * part[byNext]
	f[confidentKnnLog] = j.confidence * log[byKNN]
	f[confidentHopLog] = j.confidence * log[byHop]
	f[confidentNearLinear] = j.confidence * part[byNear]
	f[confidentHopLinear] = j.confidence * part[byHop]
	if p := j.s.seen(item); p != nil {
		j.pastFeatures(p, f)
	}
}

func (j *judgement) pastFeatures(p *past, f *[features]float64) {
	if j.known && p.item == j.current {
		f[isCurrent] = 1
		f[currentHabit] = j.habits.repeatLogit()
		f[confidentCurrent] = j.confidence
	} else {
		f[isPast] = 1
		f[pastLog] = j.tables.log(int(p.steps) + 1)
		f[pastHabit] = j.habits.returnLogit()
		if p.steps == 1 {
			f[isPrevious] = 1
		}
	}
	f[timesLog] = j.tables.log(p.times)
}

// terms are those of a candidate's score that are not zero.
func (j *judgement) terms(item uint32) (terms []Term) {
	var f [features]float64
	j.features(item, &f)
	for i, value := range f {
		if value*j.weights[i] != 0 {
			terms = append(terms, Term{feature(i).String(), value, j.weights[i]})
		}
	}
	if part, _, _ := j.hear(j.s, item); j.wary && part < 1 {
		terms = append(terms, Term{believedPart, math.Log(part), 1})
	}
	return terms
}
