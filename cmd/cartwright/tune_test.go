package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cartwright/recommend"
	"cartwright/recommend/evaluate"
)

// A shop with real sessions learns weights that are better, keeps them, ranks by them,
// and puts others back.
func TestTune(t *testing.T) {
	train := filepath.Join(dataFolder(t, "rsc15-100k"), "yoochoose-clicks-100k_train_full.txt.gz")
	db := filepath.Join(t.TempDir(), "shop.db")
	printed(t, nil, "import", "--db", db, "--format", "sessions", train)
	before := blendOf(t, db)

	var r tuneResult
	mustRead(t, printed(t, nil, "tune", "--db", db, "--last", "1d", "--json"), &r)
	if !r.Kept || r.Seq != 70279 || r.Lessons < 6000 || r.Before.Predictions != r.After.Predictions || r.After.MRR < r.Before.MRR+.003 {
		t.Fatalf("tuned: %+v, before %+v, after %+v", r, r.Before, r.After)
	}
	after := blendOf(t, db)
	if after.MRR20 < before.MRR20+.003 {
		t.Errorf("the shop's MRR@20 is %.4f, before %.4f", after.MRR20, before.MRR20)
	}
	printed(t, nil, "tune", "--db", db, "--restore", "default")
	if back := blendOf(t, db); back.MRR20 != before.MRR20 || back.HR20 != before.HR20 {
		t.Errorf("with the default weights again MRR@20 is %v and HR@20 %v, were %v and %v", back.MRR20, back.HR20, before.MRR20, before.HR20)
	}
	printed(t, nil, "tune", "--db", db, "--restore", fmt.Sprint(r.Seq))
	if again := blendOf(t, db); again.MRR20 != after.MRR20 {
		t.Errorf("with what was learned put back MRR@20 is %v, was %v", again.MRR20, after.MRR20)
	}
	var numbers []string
	for line := range strings.Lines(printed(t, nil, "tune", "--db", db, "--list")) {
		numbers = append(numbers, strings.Fields(line)[0])
	}
	if !slices.Equal(numbers, []string{"number", "70279", "70280", "70281"}) {
		t.Errorf("listed %v", numbers)
	}
}

// A shop younger than two weeks learns without being told from when on; whoever names a time that
// is too long or too short is told which one would do.
func TestTuneByDefault(t *testing.T) {
	train := filepath.Join(dataFolder(t, "rsc15-100k"), "yoochoose-clicks-100k_train_full.txt.gz")
	db := filepath.Join(t.TempDir(), "shop.db")
	printed(t, nil, "import", "--db", db, "--format", "sessions", train)
	for last, want := range map[string]string{"7d": "No session had ended before the last 7d", "2h": "The last 2h have too few steps to learn from, 54"} {
		var r tuneResult
		mustRead(t, printed(t, nil, "tune", "--db", db, "--last", last, "--json"), &r)
		if r.Kept || !strings.HasPrefix(r.Reason, want) || !strings.Contains(r.Reason, "--last 30h would do") {
			t.Errorf("--last %s: %+v", last, r)
		}
		if said := printed(t, nil, "tune", "--db", db, "--last", last); said != r.Reason+" The weights stay as they are.\n" {
			t.Errorf("--last %s: told %q", last, said)
		}
	}
	if said := told(t, nil, exitFailed, "evaluate", "--db", db, "--last", "7d"); !strings.Contains(said, "such as --last 30h") {
		t.Errorf("evaluate: told %q", said)
	}
	var r tuneResult
	mustRead(t, printed(t, nil, "tune", "--db", db, "--json"), &r)
	if !r.Kept || r.Reason != "" || r.Lessons < 5000 || r.After.MRR < r.Before.MRR+.003 {
		t.Fatalf("tuned: %+v, before %+v, after %+v", r, r.Before, r.After)
	}
	if said := printed(t, nil, "tune", "--db", db); !strings.Contains(said, "They are not better. The weights stay as they are.") {
		t.Errorf("the second time: %s", said)
	}
}

// Two weeks are enough of a long past, a quarter of the sessions of a short one, and half where
// a quarter has too few steps.
func TestTimesThatSuitALog(t *testing.T) {
	of := func(sessions, steps int, apart time.Duration) (h shopHistory) {
		for i := range sessions {
			h.sessions = append(h.sessions, slices.Repeat([]recommend.Click{{Item: "a", At: int64(i) * apart.Milliseconds()}}, steps+1))
		}
		return h
	}
	for _, c := range []struct {
		h             shopHistory
		lately        string
		advice, other string
	}{
		{of(10_000, 3, time.Hour), "14d", "--last 2499h would do", "give a shorter time, such as --last 14d"},
		{of(10_000, 3, time.Minute), "41h", "--last 41h would do", "give a shorter time, such as --last 41h"},
		{of(4_000, 1, time.Second), "16m", "--last 33m would do", "give a shorter time, such as --last 16m"},
		{of(100, 3, time.Hour), "1d", "more sessions must come first", "give a shorter time, such as --last 1d"},
		{of(1, 9, time.Hour), "0s", "more sessions must come first", "more sessions must come first"},
		{of(0, 0, 0), "0s", "more sessions must come first", "more sessions must come first"},
	} {
		if got := brief(c.h.lately()); got != c.lately || c.h.advice() != c.advice || c.h.shorter() != c.other {
			t.Errorf("%d sessions: %s, “%s”, “%s”; want %s, “%s”, “%s”", len(c.h.sessions), got, c.h.advice(), c.h.shorter(), c.lately, c.advice, c.other)
		}
	}
}

// blendOf is how well the shop's blend predicts its last twelve hours.
func blendOf(t *testing.T, db string) (m evaluate.Measures) {
	t.Helper()
	mustRead(t, printed(t, nil, "evaluate", "--db", db, "--last", "12h", "--strategy", "blend", "--json"), &m)
	return m
}

func mustRead(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

func TestTuneMistakes(t *testing.T) {
	db := filepath.Join(t.TempDir(), "shop.db")
	train, _ := smallShop(t)
	printed(t, nil, "import", "--db", db, "--format", "sessions", train)
	if said := printed(t, nil, "tune", "--db", db); !strings.Contains(said, "too few steps") {
		t.Errorf("a small shop is told %q", said)
	}
	for _, c := range []struct {
		line string
		code int
		said string
	}{
		{"tune --last soon", exitUsage, `"soon"`},
		{"tune --last 0d", exitUsage, `"0d"`},
		{"tune --last -3h", exitUsage, `"-3h"`},
		{"tune --list --restore 3", exitUsage, "--restore"},
		{"tune --restore best", exitUsage, `"best"`},
		{"tune --restore 1", exitUsage, "number 1"},
		{"evaluate --last 7d --train x", exitUsage, "not both"},
		{"evaluate --last 7", exitUsage, `"7"`},
		{"evaluate --last 7d", exitFailed, "nothing to evaluate"},
	} {
		if said := told(t, nil, c.code, append(strings.Fields(c.line), "--db", db)...); !strings.Contains(said, c.said) {
			t.Errorf("%s: told %q, without %q", c.line, said, c.said)
		}
	}
}
