package wire

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

func TestInstantOf(t *testing.T) {
	for _, c := range []struct {
		in   string
		want sessions.Millis
		ok   bool
	}{
		{``, 0, true},
		{`null`, 0, true},
		{`""`, 0, true},
		{`"2026-11-23T20:00:00Z"`, received, true},
		{`" 2026-11-23T20:00:00.123456Z "`, received + 123, true},
		{`"2026-11-23T21:30:00.5+01:30"`, received + 500, true},
		{`"2026-11-23T21:30:00+0130"`, received, true},
		{`"2026-11-23 20:00:00+00:00"`, received, true},
		{`1795464000000`, received, true},
		{`1795464000`, received, true},
		{`1795464000.25`, received + 250, true},
		{`"1795464000000"`, received, true},
		{`1.795464e9`, received, true},
		{`0`, 0, true},
		{`"9999-12-31T23:59:59.999Z"`, lastInstant, true},
		{`"1969-12-31T23:59:59Z"`, 0, false},
		{`-1`, 0, false},
		{`1e15`, 0, false},
		{`1e400`, 0, false},
		{`"10000-01-01T00:00:00Z"`, 0, false},
		{`"2026-13-01T00:00:00Z"`, 0, false},
		{`"2026-11-23"`, 0, false},
		{`"now"`, 0, false},
		{`true`, 0, false},
		{`{}`, 0, false},
	} {
		got, ok := instantOf([]byte(c.in))
		if ok != c.ok || ok && got != c.want {
			t.Errorf("instantOf(%s) = %d, %v, want %d, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestOccurred(t *testing.T) {
	const second, hour = sessions.Millis(1000), sessions.Millis(3_600_000)
	for _, c := range []struct {
		name                 string
		original, sent, want sessions.Millis
	}{
		{"no time: when it came", 0, received, received},
		{"no sentAt: no correction", received - hour, 0, received - hour},
		{"no sentAt, in the future", received + hour, 0, received},
		{"a clock that is an hour ahead", received + hour - 5*second, received + hour, received - 5*second},
		{"a clock that is an hour behind", received - hour - 5*second, received - hour, received - 5*second},
		{"the correction is at most a day", received - 100*hour, received - 50*hour, received - 76*hour},
		{"the age is not bounded", received - 1000*hour, received, received - 1000*hour},
		{"sent before it happened", received, received - second, received},
	} {
		if got := occurred(c.original, c.sent, received); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got.Time(), c.want.Time())
		}
	}
}

func TestOccurredIsNeverInTheFuture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		instant := rapid.Int64Range(0, int64(lastInstant))
		original, sent := sessions.Millis(instant.Draw(t, "original")), sessions.Millis(instant.Draw(t, "sent"))
		now := sessions.Millis(instant.Draw(t, "received"))
		if got := occurred(original, sent, now); got < 0 || got > now {
			t.Errorf("%d at %d", got, now)
		}
	})
}

func FuzzInstant(f *testing.F) {
	f.Add(`"2026-11-23T20:00:00.123+01:00"`)
	f.Add(`1795464000.5`)
	f.Fuzz(func(t *testing.T, s string) {
		if !members([]byte(`{"t":`+s+`}`), func(_, _ []byte) {}) {
			return
		}
		m, ok := instantOf([]byte(s))
		if ok && (m < firstInstant || m > lastInstant || m.Time().Year() > 9999) {
			t.Errorf("%s: %s", s, m.Time().Format(time.RFC3339))
		}
	})
}
