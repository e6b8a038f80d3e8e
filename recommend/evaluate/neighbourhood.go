package evaluate

import (
	"cmp"
	"math"
	"slices"

	"cartwright/recommend"
)

// neighbourhood is the settings of a method that recommends what is in the
// sessions most like the one that goes on now. VSTAN is VSKNN with what STAN adds
// to it, so one text serves both. For a session of L clicks, in which every
// distinct item stands at the place p of its last click, and an earlier session s:
//
//	sim(s)   = likeness of the weights of the items that s shares · exp(-age of s / age)
//	score(j) = (1 + rarity · idf(j)) · sum over the k most alike of the m newest sessions s
//	           that share an item and contain j: sim(s) · step(L - p + 1) · exp(-|a - b| / distance)
//
// with p the place of the newest item that s shares, a the last place of j in s
// and b the last place in s of any shared item. Ages are counted from the newest
// session of the training, which cancels out. Of equally similar sessions the
// newer is nearer; session-rec takes any of them.
type neighbourhood struct {
	m, k     int
	weight   func(place, length int) float64                      // of an item of the session, in likeness
	likeness func(shared float64, q question, visits int) float64 // from the sum of shared weights
	step     func(steps int) float64                              // by how far the newest shared item is from the end, from 1
	age      float64                                              // days; 0 for no decay
	distance float64                                              // clicks; 0 for no decay
	rarity   float64                                              // how much rare items are preferred
}

// vsknn is vector multiplication session-based nearest neighbours (Ludewig and
// Jannach, "Evaluation of session-based recommendation algorithms", 2018) with
// quadratic weights, division decay and preference for rare items.
func vsknn() neighbourhood {
	return neighbourhood{
		m: 5000, k: 500, rarity: 5,
		weight:   func(place, length int) float64 { return square(float64(place) / float64(length)) },
		likeness: byItems,
		step:     func(steps int) float64 { return 1 / float64(steps) },
	}
}

// vstan adds to it what sequence and time aware neighbourhood brought (Garg,
// Gupta, Malhotra, Vig and Shroff, "Sequence and time aware neighborhood for
// session-based recommendations: STAN", 2019): see Ludewig, Mauro, Latifi and
// Jannach, 2020, for both together.
func vstan() neighbourhood {
	return neighbourhood{
		m: 5000, k: 1500, rarity: 10, age: 40, distance: 4.9,
		weight:   fading(4.9),
		likeness: byAngle,
		step:     func(steps int) float64 { return math.Exp(float64(1-steps) / 1.225) },
	}
}

func square(x float64) float64 { return x * x }

// fading weighs a place by exp(-clicks from the end / lambda).
func fading(lambda float64) func(place, length int) float64 {
	return func(place, length int) float64 { return math.Exp(float64(place-length) / lambda) }
}

// byItems divides what is shared by how many distinct items the session has.
func byItems(shared float64, q question, _ int) float64 { return shared / float64(q.distinct) }

// byAngle is the cosine, with the weights on one side and ones on the other.
func byAngle(shared float64, q question, visits int) float64 {
	return shared / (q.norm * math.Sqrt(float64(visits)))
}

// build numbers the training.
func (n neighbourhood) build(t *training) Predictor {
	h := newHistory(t)
	return &neighbours{
		neighbourhood: n, history: h,
		places: make([]int32, len(h.names)), scores: make([]float64, len(h.names)),
	}
}

// neighbours predicts by a neighbourhood. A prediction takes as long as the m
// sessions have items, and longer for the more of them an item is in.
type neighbours struct {
	neighbourhood
	*history
	places []int32   // of each item, in the session asked about; 0 is none
	scores []float64 // of each item, so far; zero between predictions
}

// question is the session asked about.
type question struct {
	length   int       // clicks
	distinct int       // items, unknown ones included
	items    []int32   // the known ones
	weights  []float64 // by place; 0 where an item comes again later
	norm     float64   // of the weights
}

// neighbour is an earlier session that shares items with the one asked about.
type neighbour struct {
	session    int32
	similarity float64
	newest     int32 // the place of the newest shared item in the session asked about
	anchor     int32 // the last place of a shared item in the earlier session
}

// Predict appends the best items.
func (n *neighbours) Predict(prefix []string, wanted int, dst []recommend.Scored) []recommend.Scored {
	q := n.ask(prefix)
	var touched []int32
	for _, found := range n.nearest(q) {
		voice := found.similarity * n.step(q.length-int(found.newest)+1)
		for _, v := range n.sessions[found.session] {
			if n.scores[v.item] == 0 {
				touched = append(touched, v.item)
			}
			n.scores[v.item] += voice * n.closeness(v.place-found.anchor)
		}
	}
	for _, item := range q.items {
		n.places[item] = 0
	}
	return n.rank(touched, wanted, dst)
}

// ask notes where the items of a session stand, each at its last place.
func (n *neighbours) ask(prefix []string) question {
	q := question{length: len(prefix), weights: make([]float64, len(prefix)+1)}
	for i := len(prefix) - 1; i >= 0; i-- {
		if slices.Contains(prefix[i+1:], prefix[i]) {
			continue
		}
		q.distinct++
		q.weights[i+1] = n.weight(i+1, len(prefix))
		q.norm += square(q.weights[i+1])
		if item, known := n.numbers[prefix[i]]; known {
			n.places[item] = int32(i + 1)
			q.items = append(q.items, item)
		}
	}
	q.norm = math.Sqrt(q.norm)
	return q
}

// nearest returns the k most similar sessions, the most similar first.
func (n *neighbours) nearest(q question) []neighbour {
	var found []neighbour
	for _, s := range n.newest(q.items, n.m) {
		if one := n.compare(q, s); one.similarity > 0 {
			found = append(found, one)
		}
	}
	slices.SortStableFunc(found, func(a, b neighbour) int { return cmp.Compare(b.similarity, a.similarity) })
	return found[:min(len(found), n.k)]
}

// compare puts a session beside the one asked about.
func (n *neighbours) compare(q question, s int32) neighbour {
	found := neighbour{session: s}
	var shared float64
	for _, v := range n.sessions[s] {
		if place := n.places[v.item]; place > 0 {
			shared += q.weights[place]
			found.newest, found.anchor = max(found.newest, place), max(found.anchor, v.place)
		}
	}
	found.similarity = n.likeness(shared, q, len(n.sessions[s]))
	if n.age > 0 {
		const day = 24 * 60 * 60 * 1000
		found.similarity *= math.Exp(float64(n.ended[s]-n.ended[len(n.ended)-1]) / day / n.age)
	}
	return found
}

// closeness is how much an item counts by its distance from what is shared.
func (n *neighbours) closeness(clicks int32) float64 {
	if n.distance == 0 {
		return 1
	}
	return math.Exp(-math.Abs(float64(clicks)) / n.distance)
}

// rank appends the best of the touched items and clears their scores.
func (n *neighbours) rank(touched []int32, wanted int, dst []recommend.Scored) []recommend.Scored {
	all := make([]recommend.Scored, 0, len(touched))
	for _, item := range touched {
		score := n.scores[item] * (1 + n.rarity*n.idf[item])
		if score == 0 {
			continue // its weights cancelled out on the way, or it was ranked already
		}
		all = append(all, recommend.Scored{Item: n.names[item], Score: score})
		n.scores[item] = 0
	}
	slices.SortFunc(all, better)
	return append(dst, all[:min(len(all), wanted)]...)
}

// better orders lists: the highest score first, equal ones by item id.
func better(a, b recommend.Scored) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
}
