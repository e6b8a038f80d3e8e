package recommend

// feature is one of the numbers that a candidate is judged by.
type feature uint8

// The features. Of each of the four scores there are the logarithm and the score
// itself, as parts of the greatest; confidence is ln(clicks of the current item + 1) - 4,
// or -2 if it is unknown, and multiplies some of the others.
const (
	knnLog feature = iota
	knnLinear
	nextLog
	nextLinear
	nearLog
	nearLinear
	hopLog
	hopLinear
	popularLog // ln(clicks + 1)
	newestLog  // ln(clicks in the newest tenth of sessions + 1)
	isCurrent  // the candidate is the item of the newest click
	isPast     // it was clicked on before that
	pastLog    // ln(steps back + 1), of a past one
	timesLog   // ln(clicks in this session)
	isPrevious // a past one was the click before the newest
	currentHabit
	pastHabit
	confidentNextLog
	confidentNextLinear
	confidentKnnLog
	confidentHopLog
	confidentNearLinear
	confidentCurrent
	confidentHopLinear
	features
)

// featureNames are how the features are called where a score is explained.
var featureNames = [features]string{
	"knn.log", "knn", "next.log", "next", "near.log", "near", "hop.log", "hop", "popularity.log", "newest.log",
	"current", "past", "past.log", "times.log", "previous", "current.habit", "past.habit",
	"confidence.next.log", "confidence.next", "confidence.knn.log", "confidence.hop.log", "confidence.near",
	"confidence.current", "confidence.hop",
}

// String is the feature's name.
func (f feature) String() string { return featureNames[f] }

// Term is a feature of a candidate with its weight: their product is its part of the
// score.
type Term struct {
	Feature string  `json:"feature"`
	Value   float64 `json:"value"`
	Weight  float64 `json:"weight"`
}

// Weights say how much each feature counts.
type Weights [features]float64

// DefaultWeights were learned on seven public sets of sessions together: shops, a
// marketplace and music.
func DefaultWeights() Weights {
	return Weights{
		knnLog: .5859076, knnLinear: -1.0392402,
		nextLog: .07741039, nextLinear: .5462426,
		nearLog: -.21185532, nearLinear: .9191727,
		hopLog: .74990946, hopLinear: -.6379203,
		popularLog: -.23965186, newestLog: .30675632,
		isCurrent: .8516148, isPast: .8485731, pastLog: .51278067, timesLog: .98075944, isPrevious: .48941988,
		currentHabit: .39636517, pastHabit: .86672556,
		confidentNextLog: .031108279, confidentNextLinear: .12718552, confidentKnnLog: .026106356,
		confidentHopLog: .046311416, confidentNearLinear: -.13955735, confidentCurrent: -.26998696,
		confidentHopLinear: -.05228196,
	}
}
