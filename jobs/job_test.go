package jobs

import (
	"context"
	"strings"
	"testing"
	"time"

	"cartwright/sessions/database"
)

func nothing(context.Context, time.Time, database.Lease) (Report, error) { return nil, nil }

func TestSchedules(t *testing.T) {
	for text, want := range map[string]string{
		"@every 1s":               "",
		"@every 1m30s":            "",
		"@hourly":                 "",
		"*/5 * * * *":             "",
		"0 0 29 2 *":              "", // in leap years
		"CRON_TZ=UTC 30 4 * * *":  "",
		"":                        "cannot be read",
		"* * * *":                 "cannot be read",
		"61 * * * *":              "cannot be read",
		"TZ=UTC":                  "cannot be read", // panics in the parser
		"TZ=Nowhere/City * * * *": "cannot be read",
		"@every":                  "cannot be read",
		"@every soon":             "cannot be read",
		"@every 500ms":            "shortest interval",
		"@every 0s":               "shortest interval",
		"@every -1h":              "shortest interval",
		"@every 1500ms":           "whole seconds",
		"TZ=UTC @every 10ms":      "shortest interval",
		"0 0 31 2 *":              "never comes",
		"0 0 30 2 1":              "", // on Mondays as well
		"0 0 31 4,6,9,11 *":       "never comes",
	} {
		err := ParseSchedule(text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzSchedule(f *testing.F) {
	for _, seed := range []string{"@every 1s", "0 0 31 2 *", "TZ=", "TZ=UTC", "CRON_TZ=Europe/Berlin 1 2 3 4 5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSchedule(text)
		if err != nil {
			return
		}
		now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		if next := s.Next(now); next.Before(now.Add(time.Second)) {
			t.Errorf("%q was taken and comes at %s after %s", text, next, now)
		}
	})
}

func TestCheckNamesAllMistakes(t *testing.T) {
	err := Check([]Job{
		{Name: "fine", Schedule: "@hourly", Deadline: time.Second, Run: nothing},
		{Name: "fine", Schedule: "@hourly", Deadline: time.Second, Run: nothing},
		{Schedule: "@hourly", Deadline: time.Second, Run: nothing},
		{Name: "empty", Schedule: "@hourly", Deadline: time.Second},
		{Name: "endless", Schedule: "@hourly", Run: nothing},
		{Name: "never", Schedule: "0 0 31 2 *", Deadline: time.Second, Run: nothing},
	})
	if err == nil {
		t.Fatal("nothing was found wrong")
	}
	want := `job "fine": the name is taken
job "": it has no name
job "empty": it has nothing to run
job "endless": it has no deadline
job "never": schedule "0 0 31 2 *" never comes: no such date`
	if err.Error() != want {
		t.Errorf("found\n%s\nwant\n%s", err, want)
	}
	if _, err := NewRunner(nil, nil, []Job{{Name: "never", Schedule: "x"}}); err == nil {
		t.Error("a runner was made of a wrong table")
	}
}
