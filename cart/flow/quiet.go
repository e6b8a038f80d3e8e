package flow

import (
	"fmt"
	"time"
)

// Quiet is a stretch of every day in which nobody is written to, in minutes since
// midnight by the shopper's clock: from From on, up to but without To, over midnight
// if To is the smaller one. Equal ones mean never.
type Quiet struct{ From, To int }

// String writes the hours as they are configured, empty for none.
func (q Quiet) String() string {
	if q.From == q.To {
		return ""
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", q.From/60, q.From%60, q.To/60, q.To%60)
}

// parseQuiet reads what String writes.
func parseQuiet(text string) (Quiet, error) {
	if text == "" {
		return Quiet{}, nil
	}
	var h1, m1, h2, m2 int
	n, err := fmt.Sscanf(text, "%02d:%02d-%02d:%02d", &h1, &m1, &h2, &m2)
	q := Quiet{h1*60 + m1, h2*60 + m2}
	if err != nil || n != 4 || h1 > 23 || h2 > 23 || m1 > 59 || m2 > 59 || q.String() != text {
		return Quiet{}, fmt.Errorf("%q are no hours such as 21:00-08:00", text)
	}
	return q, nil
}

// Until returns when the quiet hours end that it is in at t, by the clock of a zone,
// and false if it is in none. In the nights in which clocks change they begin and end
// by the clock on the wall: an hour that there is twice is quiet twice, and where To
// is skipped they end when the clock goes on.
func (q Quiet) Until(t time.Time, zone *time.Location) (time.Time, bool) {
	local := t.In(zone)
	if !q.hold(local) {
		return time.Time{}, false
	}
	day := local.Day()
	if clock(local) >= q.From && q.From > q.To {
		day++
	}
	end := time.Date(local.Year(), local.Month(), day, q.To/60, q.To%60, 0, 0, zone)
	for !end.After(t) || q.hold(end.In(zone)) { // the clock was turned back over it
		end = end.Add(15 * time.Minute)
	}
	return end.UTC(), true
}

func (q Quiet) hold(local time.Time) bool {
	now := clock(local)
	if q.From <= q.To {
		return q.From <= now && now < q.To
	}
	return now >= q.From || now < q.To
}

// clock returns the minutes since midnight on the wall.
func clock(local time.Time) int { return local.Hour()*60 + local.Minute() }
