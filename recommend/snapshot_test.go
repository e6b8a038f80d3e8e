package recommend

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// keeping is a recommender that takes a snapshot at its end however little happened, and
// what it logged.
func keeping(t *testing.T, log *sessions.Log, path string, limits Limits) (*Recommender, *bytes.Buffer) {
	t.Helper()
	var logged bytes.Buffer
	r := NewRecommender(log, Options{Snapshot: path, Limits: limits, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	r.worth = 1
	r.Start(t.Context())
	caughtUp(t, r)
	return r, &logged
}

// From a snapshot and what came later answers are as from the beginning.
func TestASnapshotAndTheTailAreTheWholeLog(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log, path := openLog(t, db), filepath.Join(t.TempDir(), "shop.db.recommendations")
		rest := traffic(1500)
		for _, n := range []int{1, 400, 37, 700, 362} {
			appendAll(t, log, rest[:n]...)
			rest = rest[n:]
			r, logged := keeping(t, log, path, Limits{SessionClicks: 30})
			got := answers(t, r)
			r.Close()
			if n > 1 && strings.Contains(logged.String(), " restored=0 ") || strings.Contains(logged.String(), "not used") {
				t.Fatalf("the snapshot was not taken in: %s", logged)
			}
			if want := answers(t, started(t, log, Options{Limits: Limits{SessionClicks: 30}})); got != want {
				t.Fatalf("with %d events to come, from a snapshot:\n%s\nfrom the beginning:\n%s", len(rest), got, want)
			}
		}
		if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
			t.Errorf("beside the snapshot lies %v, %v", left, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("others may read the snapshot: %v, %v", info.Mode(), err)
		}
	})
}

// Whatever is wrong with a snapshot, the log is read instead.
func TestASnapshotThatDoesNotFitIsNotUsed(t *testing.T) {
	log, path := openLog(t, testdb.SQLite(t)), filepath.Join(t.TempDir(), "snapshot")
	appendAll(t, log, traffic(300)...)
	r, _ := keeping(t, log, path, Limits{})
	want := answers(t, r)
	r.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := openLog(t, testdb.SQLite(t))
	appendAll(t, other, traffic(299)...)
	appendAll(t, other, event(sessions.Page, "x"))
	shorter := openLog(t, testdb.SQLite(t))
	appendAll(t, shorter, traffic(10)...)
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-7]++
	for _, c := range []struct {
		name   string
		log    *sessions.Log
		limits Limits
		file   []byte
		why    string
	}{
		{"half of it", log, Limits{}, whole[:len(whole)/2], "damaged"},
		{"nothing", log, Limits{}, nil, "no snapshot"},
		{"something else", log, Limits{}, []byte(strings.Repeat("cartwright", 99)), "no snapshot"},
		{"one bit", log, Limits{}, damaged, "damaged"},
		{"another window", log, Limits{Sessions: 5}, whole, "another window"},
		{"another log", other, Limits{}, whole, "is another one"},
		{"a shorter log", shorter, Limits{}, whole, "has no event"},
	} {
		if err := os.WriteFile(path, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		r, logged := keeping(t, c.log, path, c.limits)
		got := answers(t, r)
		r.Close()
		if !strings.Contains(logged.String(), "not used") || !strings.Contains(logged.String(), c.why) {
			t.Errorf("%s: logged %s, want %s", c.name, logged, c.why)
		}
		if c.log == log && c.limits == (Limits{}) && got != want {
			t.Errorf("%s: answered\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

func TestForgettingDropsTheSnapshot(t *testing.T) {
	log, path := openLog(t, testdb.SQLite(t)), filepath.Join(t.TempDir(), "snapshot")
	appendAll(t, log, traffic(50)...)
	r, _ := keeping(t, log, path, Limits{})
	r.Close()
	events, err := log.Since(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	r.Forget(events)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the snapshot is still there: %v", err)
	}
}

// What is read answers as what was written, to the bit, and goes on so.
func TestAnIndexReadAnswersAsTheOneWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := drawLimits(t)
		x, y := NewIndex(limits), NewIndex(limits)
		drawSizes(t, x)
		clicks := rapid.SliceOfN(rapid.Custom(drawClick), 0, 60)
		x.Append(clicks.Draw(t, "before")...)
		x.Remove(SessionKey(rapid.IntRange(1, 12).Draw(t, "gone")))
		reread(t, x, y)
		after := clicks.Draw(t, "after")
		x.Append(after...)
		y.Append(after...)
		for range 3 {
			q, item := drawQuery(t), drawItem(t)
			exactly(t, y.Neighbours(q, nil), x.Neighbours(q, nil))
			exactly(t, y.Blend(q, nil), x.Blend(q, nil))
			exactly(t, y.ViewedTogether(item, 9, nil, nil), x.ViewedTogether(item, 9, nil, nil))
			exactly(t, y.BoughtTogether(item, 9, nil, nil), x.BoughtTogether(item, 9, nil, nil))
			exactly(t, y.Popular(9, nil, nil), x.Popular(9, nil, nil))
		}
		a, b := x.Stats(), y.Stats()
		a.Bytes, b.Bytes = 0, 0
		if a != b {
			t.Fatalf("stats %+v, want %+v", b, a)
		}
	})
}

// Whatever is read gives an error, or an index that answers.
func FuzzReadIndex(f *testing.F) {
	x := NewIndex(Limits{})
	shop(4, func(c Click) { x.Append(c) })
	var file bytes.Buffer
	if err := x.view.Load().write(&file, x.limits); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add(file.Bytes()[:file.Len()-3])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		x := NewIndex(Limits{})
		if err := x.read(bytes.NewReader(data)); err != nil {
			if x.Stats().Clicks != 0 {
				t.Error("an index that could not be read has clicks")
			}
			return
		}
		x.Blend(Query{Items: []string{"p0", "p1"}, M: 10, K: 10, N: 10}, nil)
		x.Popular(10, nil, nil)
		x.Append(Click{Session: 1, Item: "p0", At: 1})
	})
}

// BenchmarkSnapshot writes and reads an index of four million clicks.
func BenchmarkSnapshot(b *testing.B) {
	clicks := madeUp(1_000_000)
	x := NewIndex(Limits{})
	x.Append(clicks...)
	var file bytes.Buffer
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			file.Reset()
			if err := x.view.Load().write(&file, x.limits); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(file.Len())/float64(len(clicks)), "bytes/click")
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if err := NewIndex(Limits{}).read(bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
