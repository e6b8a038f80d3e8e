package main

import (
	"path/filepath"
	"strings"
	"testing"

	"cartwright/recommend"
	"cartwright/recommend/evaluate"
)

// What the log tells of a click reaches the index that is measured, and so does the window.
func TestHistoryIsMeasuredAsServed(t *testing.T) {
	session := func(key recommend.SessionKey, at int64, then string, done recommend.Action) []recommend.Click {
		c := recommend.Click{Session: key, At: at, Visitor: uint32(key), Network: 7}
		first, second := c, c
		first.Item, second.Item, second.Action = "tea", then, done
		return []recommend.Click{first, second}
	}
	const day = 24 * 60 * 60 * 1000
	h := shopHistory{window: recommend.Limits{Days: 30}}
	h.sessions = [][]recommend.Click{
		session(1, 0, "jar", recommend.Viewed), session(2, 0, "jar", recommend.Viewed), // long ago
		session(3, 99*day, "cup", recommend.Viewed), session(4, 99*day, "pot", recommend.Purchased),
		session(5, 100*day, "pot", recommend.Viewed),
	}
	if row := rowsOf(h.sessions)[7]; row != (evaluate.Click{Session: "4", Item: "pot", At: 99 * day, Action: recommend.Purchased, Visitor: 4, Network: 7}) {
		t.Errorf("the pot that was bought is %+v", row)
	}
	e, err := h.evaluation(4, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, strategy := range evaluate.Strategies() {
		if strategy.Name != "knn" {
			continue
		}
		m, err := e.Measure(t.Context(), strategy, func() {})
		if err != nil || m.MRR20 < .5 || m.Coverage20 != 3./4 {
			t.Errorf("MRR@20 %v and coverage@20 %v, want the pot before the cup, and no jar: %v", m.MRR20, m.Coverage20, err)
		}
	}
}

// The window is a setting of tune and evaluate as of serve.
func TestTheWindowIsASettingOfHistory(t *testing.T) {
	db := filepath.Join(t.TempDir(), "shop.db")
	train, _ := smallShop(t)
	printed(t, nil, "import", "--db", db, "--format", "sessions", train)
	for _, line := range []string{"tune", "evaluate --last 1m"} {
		for _, wrong := range []string{"--recommend-memory 0", "--recommend-days -1"} {
			said := told(t, nil, exitFailed, append(strings.Fields(line+" "+wrong), "--db", db)...)
			if name := strings.Fields(wrong)[0]; !strings.Contains(said, strings.TrimPrefix(name, "--")+":") {
				t.Errorf("%s %s: told %q", line, wrong, said)
			}
		}
	}
}
