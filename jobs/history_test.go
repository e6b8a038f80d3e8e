package jobs

import (
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func TestWhatOfARunIsWorthSaving(t *testing.T) {
	idle := Run{Outcome: OK, Report: Report{"found": 0}}
	busy := Run{Outcome: OK, Report: Report{"found": 1}}
	failed := Run{Outcome: Failed, Error: "no"}
	other := Run{Outcome: Failed, Error: "no, and why"}
	const soon, minute = 59_999, 60_000
	for name, c := range map[string]struct {
		before, run    Run
		after          sessions.Millis // since the state was saved
		history, state bool
	}{
		"first":                {Run{}, idle, 0, true, true},
		"nothing again":        {idle, idle, soon, false, false},
		"nothing for a minute": {idle, idle, minute, false, true},
		"something":            {idle, busy, 0, true, true},
		"something again":      {busy, busy, 0, true, true},
		"failure":              {idle, failed, 0, true, true},
		"same failure":         {failed, failed, soon, false, false},
		"failure for a minute": {failed, failed, minute, true, true},
		"other failure":        {failed, other, 0, true, true},
		"healed":               {failed, idle, 0, true, true},
	} {
		run := c.run
		run.Started = 1000 + c.after
		if history, state := worth(run, c.before, 1000); history != c.history || state != c.state {
			t.Errorf("%s: history %t, state %t", name, history, state)
		}
	}
}

func TestStatesAreLoadedAsSaved(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		for n := range int64(2) {
			run := Run{Job: "a", Started: 5, Ended: sessions.Millis(6 + n), Outcome: Failed, Report: Report{"n": n}, Error: "ü"}
			if err := saveRun(t.Context(), db, database.Lease{}, &run, &state{run, n}); err != nil {
				t.Fatal(err)
			}
		}
		states, err := loadStates(db.Read(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		runs, err := Runs(t.Context(), db, "a", 0, 10)
		if err != nil || len(runs) != 1 {
			t.Fatalf("runs %v, %v", runs, err)
		}
		for _, got := range []Run{states["a"].Run, runs[0]} {
			if got.Started != 5 || got.Ended != 7 || got.Outcome != Failed || got.Report["n"] != 1 || got.Error != "ü" {
				t.Errorf("loaded %+v", got)
			}
		}
		if len(states) != 1 || states["a"].runs != 1 {
			t.Errorf("states %v", states)
		}
	})
}
