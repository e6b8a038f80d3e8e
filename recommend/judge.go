package recommend

import "math"

// judgement scores the candidates of one query.
type judgement struct {
	*Index
	s          *scratch
	greatest   [kinds]float64
	current    uint32 // the item of the newest click, if confidence is of one
	known      bool
	confidence float64
}

// judge prepares to score the candidates of a query whose scores are all there.
func (x *Index) judge(s *scratch) *judgement {
	j := &s.judgement
	*j = judgement{Index: x, s: s, confidence: -2}
	for kind, items := range s.scores {
		for _, item := range items {
			j.greatest[kind] = max(j.greatest[kind], s.standing(item).scores[kind])
		}
	}
	if p := s.past[0]; p.steps == 0 {
		j.current, j.known = p.item, true
		j.confidence = x.tables.log(int(x.items.clicks[p.item])+1) - 4
	}
	return j
}

// score is the sum of a candidate's features, each with its weight.
func (j *judgement) score(item uint32) (sum float64) {
	var f [features]float64
	j.features(item, &f)
	for i, weight := range j.weights {
		sum += weight * f[i]
	}
	return sum
}

// features fills in what a candidate is judged by.
func (j *judgement) features(item uint32, f *[features]float64) {
	st := j.s.standing(item)
	var part, log [kinds]float64
	for kind, score := range st.scores {
		if j.greatest[kind] > 0 {
			part[kind] = score / j.greatest[kind]
		}
		log[kind] = math.Log(part[kind] + floor)
	}
	f[knnLog], f[knnLinear] = log[byKNN], part[byKNN]
	f[nextLog], f[nextLinear] = log[byNext], part[byNext]
	f[nearLog], f[nearLinear] = log[byNear], part[byNear]
	f[hopLog], f[hopLinear] = log[byHop], part[byHop]
	f[popularLog] = j.tables.log(int(j.items.clicks[item]) + 1)
	f[newestLog] = j.tables.log(int(j.newest.clicks[item]) + 1)
	f[confidentNextLog] = j.confidence * log[byNext]
	f[confidentNextLinear] = j.confidence * part[byNext]
	f[confidentKnnLog] = j.confidence * log[byKNN]
	f[confidentHopLog] = j.confidence * log[byHop]
	f[confidentNearLinear] = j.confidence * part[byNear]
	f[confidentHopLinear] = j.confidence * part[byHop]
	if st.past > 0 {
		j.pastFeatures(&j.s.past[st.past-1], f)
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
	return terms
}
