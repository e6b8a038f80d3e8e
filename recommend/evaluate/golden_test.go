package evaluate

import (
	"bufio"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cartwright/recommend"
)

// golden is a list that session-rec itself made after a prefix of a test session.
type golden struct {
	session, position int
	list              []recommend.Scored
}

// goldenLists reads SessionId;Position;Recommendations;Scores.
func goldenLists(t *testing.T, name string) (lists []golden) {
	t.Helper()
	lines := bufio.NewScanner(unpacked(t, filepath.Join(os.Getenv("CARTWRIGHT_DATA"), "rsc15-100k", name)))
	lines.Scan()
	for lines.Scan() {
		field := strings.Split(lines.Text(), ";")
		g := golden{session: int(number(t, field[0])), position: int(number(t, field[1]))}
		scores := strings.Split(field[3], ",")
		for i, item := range strings.Split(field[2], ",") {
			g.list = append(g.list, recommend.Scored{Item: item, Score: number(t, scores[i])})
		}
		lists = append(lists, g)
	}
	if len(lists) != 387 {
		t.Fatalf("%s has %d lists, want 387", name, len(lists))
	}
	return lists
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Scores are compared place by place, each list's best being 1; where the scores
// of both neighbouring places differ, the items must be the same too.
func TestReferencesReproduceGoldenLists(t *testing.T) {
	train, test := rsc15(t)
	learned := newTraining(train)
	sessions := sessionsByID(t, test, learned)
	for _, c := range []struct {
		strategy string
		close    float64
	}{{"ar", 1e-9}, {"sr", 1e-9}, {"vsknn", .03}} {
		t.Run(c.strategy, func(t *testing.T) {
			predictor := named(t, c.strategy).build(learned)
			apart, others := 0., 0
			for _, g := range goldenLists(t, "recoms_rsc15_100k_"+c.strategy+".csv.gz") {
				got := predictor.Predict(sessions[g.session][:g.position+1], len(g.list), nil)
				if !scale(got) {
					if g.list[0].Score != 0 {
						t.Errorf("session %d, position %d: no scores, want %v", g.session, g.position, g.list[0])
					}
					continue
				}
				apart = max(apart, farthest(got, g.list))
				others += different(got, g.list)
				if got[0].Item != g.list[0].Item && !same(got[1].Score, 1) && !same(g.list[1].Score, 1) {
					t.Errorf("session %d, position %d: first %v, want %v", g.session, g.position, got[0], g.list[0])
				}
			}
			t.Logf("scores differ by up to %.2g; %d items stand where another should", apart, others)
			if apart > c.close || c.close < 1e-6 && others > 0 {
				t.Errorf("scores differ by up to %.2g, want %.2g; %d items stand where another should", apart, c.close, others)
			}
		})
	}
}

// scale makes the best score 1, or reports that there is none.
func scale(list []recommend.Scored) bool {
	best := list[0].Score
	for i := range list {
		list[i].Score /= best
	}
	return best > 0
}

// sessionsByID returns the items of test sessions that the training has.
func sessionsByID(t *testing.T, test []Click, learned *training) map[int][]string {
	t.Helper()
	byID := map[string][]Click{}
	for _, c := range test {
		byID[c.Session] = append(byID[c.Session], c)
	}
	sessions := map[int][]string{}
	for id, clicks := range byID {
		if items := testSessions(clicks, learned); len(items) == 1 {
			sessions[int(number(t, id))] = items[0]
		}
	}
	return sessions
}

// farthest returns the greatest difference of scores at the same place.
func farthest(got, want []recommend.Scored) (apart float64) {
	for i, w := range want {
		score := 0.
		if i < len(got) {
			score = got[i].Score
		}
		apart = max(apart, math.Abs(score-w.Score))
	}
	return apart
}

// different counts the places of the wanted list at which another item stands and
// no equal score makes that doubtful: beside it, or among what may have been cut off.
func different(got, want []recommend.Scored) (n int) {
	lowest := want[min(len(want), keptRules)-1].Score
	for i, w := range want[:len(want)-1] {
		doubtful := i > 0 && same(want[i-1].Score, w.Score) || same(want[i+1].Score, w.Score) || w.Score <= lowest
		if !doubtful && i < len(got) && got[i].Item != w.Item {
			n++
		}
	}
	return n
}
