package recommend

import (
	"slices"
	"testing"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
)

// Weights learned on the last sessions of the training part are better on the test part.
func TestTunedWeightsAreBetterOnRealSessions(t *testing.T) {
	train := rsc15(t, "yoochoose-clicks-100k_train_full.txt.gz")
	test := bySession(rsc15(t, "yoochoose-clicks-100k_test.txt.gz"), train)
	last := map[SessionKey]int64{}
	for _, c := range train {
		last[c.Session] = c.At
	}
	var ends []int64
	for _, at := range last {
		ends = append(ends, at)
	}
	slices.Sort(ends)
	cut := ends[len(ends)*85/100]
	x, whole := NewIndex(Limits{}), NewIndex(Limits{})
	whole.Append(train...)
	var early, late []Click
	for _, c := range train {
		if last[c.Session] < cut {
			early = append(early, c)
		} else {
			late = append(late, c)
		}
	}
	x.Append(early...)
	slices.SortStableFunc(late, func(a, b Click) int {
		return int(min(1, max(-1, last[a.Session]-last[b.Session])))
	})
	lessons := Lessons(bySession(late, early))
	tuned, learned, err := x.Tune(t.Context(), DefaultWeights(), lessons)
	if err != nil || learned < TuneAtLeast/2 {
		t.Fatalf("learned from %d of %d, %v", learned, len(lessons), err)
	}
	ask := func(past []string, dst []Scored) []Scored {
		return whole.Blend(Query{Items: past, M: ServingM, K: BlendK, N: 20}, dst)
	}
	hr, mrr, _ := nextItem(test, ask)
	whole.Weigh(tuned)
	tunedHR, tunedMRR, _ := nextItem(test, ask)
	t.Logf("learned from %d of %d: HR@20 %.4f to %.4f, MRR@20 %.4f to %.4f", learned, len(lessons), hr, tunedHR, mrr, tunedMRR)
	if tunedMRR < mrr+.003 || tunedHR < hr-.002 {
		t.Errorf("HR@20 %.4f to %.4f, MRR@20 %.4f to %.4f", hr, tunedHR, mrr, tunedMRR)
	}
	if few, n, err := x.Tune(t.Context(), tuned, lessons[:TuneAtLeast-1]); few != tuned || n != 0 || err != nil {
		t.Errorf("of too few lessons it learned from %d, %v", n, err)
	}
}

// What the log says are the clicks that the index takes in: who, from where, what they did,
// and what they read.
func TestClicksOfTheLogAreThoseOfTheIndex(t *testing.T) {
	db := testdb.SQLite(t)
	log := openLog(t, db)
	brewing := guide("brewing", "/guides/brewing")
	entry, page, added := event(sessions.ProductUpdated, ""), opens("x", "", "/guides/brewing"), event(sessions.ProductAdded, "x", "pot")
	entry.Product, entry.Source, page.Address = &brewing, sessions.Backend, "192.0.2.0"
	appendAll(t, log, page, entry)
	appendAll(t, log, opens("x", "", "/guides/brewing"), opens("x", "", "/guides/other"), added)
	clicks, _, err := Clicks(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	r := started(t, log, Options{})
	caughtUp(t, r)
	x := NewIndex(Limits{})
	x.Append(clicks...)
	if got, want := x.Stats(), r.Stats(); got.Clicks != 2 || got.Clicks != want.Clicks || got.Items != want.Items {
		t.Errorf("%d clicks on %d items, the follower has %d on %d: %+v", got.Clicks, got.Items, want.Clicks, want.Items, clicks)
	}
	for i, want := range []Click{{Item: "brewing"}, {Item: "pot", Action: Added}} {
		if got := clicks[i]; got.Item != want.Item || got.Action != want.Action || got.Visitor == 0 {
			t.Errorf("click %d is %+v, want %+v of a visitor", i, got, want)
		}
	}
}

// What was learned stands in the log, holds from there on, and can be put back.
func TestWeightsStandInTheLog(t *testing.T) {
	db := testdb.SQLite(t)
	log := openLog(t, db)
	r := started(t, log, Options{})
	var ours Weights
	ours[popularLog] = 1
	for i, tuning := range []Tuning{{Weights: ours.Named(), Lessons: 9}, {Restores: 1}} {
		_, err := log.Decide(t.Context(), func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
			e, err := sessions.Own(sessions.WeightsLearned, 0, sessions.Millis(i+1), tuning)
			return []*sessions.Event{e}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		caughtUp(t, r)
		want := []Weights{ours, DefaultWeights()}[i]
		if _, w, err := Clicks(t.Context(), log); err != nil || w != want || r.index.weights != want {
			t.Errorf("after tuning %d the log says %v, %v, the index has %v", i, w, err, r.index.weights)
		}
	}
	list, err := Tunings(db.Read(t.Context()))
	if err != nil || len(list) != 2 || list[0].Lessons != 9 || list[0].At != 1 || list[1].Restores != 1 || list[1].Seq <= list[0].Seq {
		t.Errorf("tunings %+v, %v", list, err)
	}
}
