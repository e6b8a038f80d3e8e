package flow

import (
	"fmt"
	"strings"
	"time"
)

const day = 24 * time.Hour

// ParseDuration reads a time as time.ParseDuration does, with days before it: “7d”,
// “1d12h”, “90m”.
func ParseDuration(text string) (time.Duration, error) {
	rest, days := text, time.Duration(0)
	if n, after, found := strings.Cut(text, "d"); found {
		var count int
		if _, err := fmt.Sscanf(n, "%d", &count); err != nil || fmt.Sprint(count) != n || count < 0 || count > 3650 {
			return 0, fmt.Errorf("%q is no time such as 90m, 23h or 7d", text)
		}
		days, rest = time.Duration(count)*day, after
		if rest == "" {
			return days, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || d > 3650*day {
		return 0, fmt.Errorf("%q is no time such as 90m, 23h or 7d", text)
	}
	return days + d, nil
}

// formatDuration writes what ParseDuration reads, as short as can be: “7d”, “1d12h”,
// “1h30m”, “0s”.
func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if n := d / unit.of; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d -= n * unit.of
		}
	}
	if d > 0 {
		b.WriteString(d.String())
	}
	return b.String()
}
