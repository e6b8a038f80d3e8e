package webhook

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestScheduleOfAttempts(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var got []string
	now := start
	for made := 0; ; made++ {
		next, more := Next(made, now, 0)
		if !more {
			if made != Attempts {
				t.Errorf("%d attempts, Attempts says %d", made, Attempts)
			}
			break
		}
		got = append(got, next.Sub(now).String())
		now = next
	}
	want := "0s 5s 5m0s 30m0s 2h0m0s 5h0m0s 10h0m0s 14h0m0s 20h0m0s 24h0m0s"
	if strings.Join(got, " ") != want {
		t.Errorf("waits\n%v, want\n%s", got, want)
	}
	if total := now.Sub(start); total != 75*time.Hour+35*time.Minute+5*time.Second {
		t.Errorf("the schedule spans %s", total)
	}
}

func TestRetryAfterMovesTheNextAttempt(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		attempts int
		asked    time.Duration
		want     string
	}{
		{1, 0, "5s true"},
		{1, time.Minute, "1m0s true"},
		{1, time.Second, "5s true"}, // never sooner than the schedule
		{9, time.Hour, "24h0m0s true"},
		{2, 1000 * time.Hour, "24h0m0s true"},
		{10, time.Hour, "none false"},
		{-1, 0, "none false"},
	} {
		next, more := Next(c.attempts, now, c.asked)
		got := "none false"
		if more {
			got = fmt.Sprint(next.Sub(now), " ", more)
		}
		if got != c.want {
			t.Errorf("after %d attempts, asked for %s: %s, want %s", c.attempts, c.asked, got, c.want)
		}
	}
}
