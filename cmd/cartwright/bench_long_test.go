package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

func TestBenchLongPrintsWhatIsPromised(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(build(t, ""), "bench", "--long", "--json", "--crash-events", "8000", "--full-events", "8000", "--run", "20ms",
		"--soak", "3s", "--kill-every", "1s", "--rate", "400", "--dir", t.TempDir())
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	var report longReport
	if err != nil || json.Unmarshal(out, &report) != nil {
		t.Fatalf("%v\n%s%s", err, out, said.String())
	}
	if f := report.Start; f.Events < 8000 || f.Ready <= 0 || f.CaughtUp < f.Ready || f.RSS <= 0 || f.Peak < f.RSS || f.Database <= 0 {
		t.Errorf("start: %+v", f)
	}
	if f := report.Memory; f.Events < 8000 || f.Held <= 0 || f.PerClick <= 0 || f.PerRow <= 0 {
		t.Errorf("memory: %+v", f)
	}
	if f := report.Full; f.Events < 8000 || f.Rate <= 0 || f.Empty <= 0 || f.Ratio <= 0 || f.Filling <= 0 || f.RSS <= 0 {
		t.Errorf("full: %+v", f)
	}
	f := report.Soak
	if f.Kills != 2 || len(f.Lives) != 3 || f.Seconds < 3 || f.Growth == nil || f.Growth.RSS <= 0 || f.Hourly == nil || f.Acknowledged < 100 || f.Again == 0 || f.Reads == 0 || f.Triggers == 0 || f.Errors > 0 {
		t.Errorf("soak: %+v", f)
	}
	for _, l := range f.Lives {
		if l.Events == 0 || l.RSS <= 0 || l.Held <= 0 || l.FDs <= 0 || l.Goroutines <= 0 || l.Within.RSS <= 0 || l.Ready <= 0 {
			t.Errorf("life: %+v", l)
		}
	}
	if err := report.trouble(); err != nil {
		t.Error(err)
	}
}

// The control: what is missing from the log, and what is there twice, is counted.
func TestASoakCountsWhatIsWrong(t *testing.T) {
	ctx := t.Context()
	db, err := database.Open(ctx, filepath.Join(t.TempDir(), "shop.db"), database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	log, err := sessions.OpenLog(ctx, db, sessions.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var events []*sessions.Event
	for _, source := range []sessions.Source{sessions.Browser, sessions.Backend} {
		e := &sessions.Event{Kind: sessions.ProductViewed, Source: source}
		e.MessageID, e.Anonymous = soakID+"0-1", "a"
		events = append(events, e)
	}
	if _, err := log.Append(ctx, sessions.Batch{Events: events}); err != nil {
		t.Fatal(err)
	}
	s := &soak{shoppers: []*soakShopper{{next: 4}}}
	if err := s.countEvents(ctx, db); err != nil || s.figures.Lost != 3 || s.figures.Doubled != 1 {
		t.Errorf("%d lost, %d doubled, %v; want 3 and 1", s.figures.Lost, s.figures.Doubled, err)
	}
	if (longReport{Soak: &s.figures}).trouble() == nil {
		t.Error("a soak that lost events ends well")
	}
}
