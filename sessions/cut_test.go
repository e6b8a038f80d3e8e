package sessions_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cartwright/sessions"
)

func TestCut(t *testing.T) {
	small := sessions.DefaultSettings()
	small.SessionEvents = 3
	for _, c := range []struct {
		name     string
		settings sessions.Settings
		events   string // all of one stream, in the order they arrived
		want     string // the number of each event's session
	}{
		{"a pause of the timeout is none, a longer one is", sessions.DefaultSettings(),
			"t:0s t:30m t:60m t:90m1ms", "1 1 1 2"},
		{"24 hours at most", sessions.DefaultSettings(),
			every(25*time.Minute, 60), strings.Repeat("1 ", 58) + "2 2"},
		{"a full session", small,
			"t:0s t:1m t:2m t:3m t:4m t:1m", "1 1 1 2 2 3"},
		{"a late event stretches the start", sessions.DefaultSettings(),
			"t:60m t:31m t:2m t:1m30s", "1 1 1 1"},
		{"a late event too early begins its own", sessions.DefaultSettings(),
			"t:60m t:29m t:61m", "1 2 1"},
		{"a late event between two goes to the earlier", sessions.DefaultSettings(),
			"t:0s t:50m t:25m t:80m t:81m", "1 2 1 2 2"},
		{"sessions that grew together stay two", sessions.DefaultSettings(),
			"t:0s t:50m t:25m t:49m t:52m", "1 2 1 1 2"},
		{"another campaign", sessions.DefaultSettings(),
			"t:0s t:1m,x:spring t:2m t:3m,x:spring t:4m,x:summer t:5m t:6m,x:spring", "1 2 2 2 3 3 4"},
		{"a session keeps the campaign it began with", sessions.DefaultSettings(),
			"t:0s,x:spring t:1m t:2m,x:spring", "1 1 1"},
		{"a named session takes its own and no others", sessions.DefaultSettings(),
			"t:0s,s:7 t:1m t:99h,s:7 t:100h,s:8,x:spring t:99h,s:8,x:summer t:2m", "1 2 1 3 3 2"},
		{"another visitor on the same device", sessions.DefaultSettings(),
			"t:0s,v:1 t:1m,v:1 t:2m,v:2 t:3m,v:2 t:4m,v:1", "1 1 2 2 3"},
	} {
		if got := cut(t, c.events, c.settings); got != strings.TrimSpace(c.want) {
			t.Errorf("%s: %s\ngot  %s\nwant %s", c.name, c.events, got, c.want)
		}
	}
}

func every(d time.Duration, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "t:%s ", time.Duration(i)*d)
	}
	return b.String()
}

// cut returns the numbers of the sessions to which the events of a line belong.
func cut(t *testing.T, line string, s sessions.Settings) string {
	t.Helper()
	var spans []sessions.Span
	var numbers []string
	for i, word := range strings.Fields(line) {
		words := "browser page a:1 "
		visitor := 1
		for part := range strings.SplitSeq(word, ",") {
			if n, ok := strings.CutPrefix(part, "v:"); ok {
				fmt.Sscan(n, &visitor)
				continue
			}
			words += part + " "
		}
		e := sessions.Told(t, words)
		e.Seq, e.Visitor = sessions.Seq(i+1), sessions.VisitorID(visitor)
		at := sessions.Cut(spans, e, s)
		if at < 0 {
			at, spans = len(spans), append(spans, sessions.Begin(e))
		} else {
			spans[at] = spans[at].With(e)
		}
		numbers = append(numbers, fmt.Sprint(at+1))
	}
	return strings.Join(numbers, " ")
}

func TestStreamsAreApart(t *testing.T) {
	seen := map[string]string{}
	for line, named := range map[string]bool{
		"browser page a:x c:y e:z": true, "browser page c:x": true, "browser page e:x": true, "browser page a:x bot": true,
		"browser page": false, "backend product_updated a:q": false, "own decision.made a:r": false,
	} {
		stream := sessions.Told(t, line).Stream()
		if (stream != "") != named {
			t.Errorf("%s: stream %q", line, stream)
		}
		if other := seen[stream]; stream != "" && other != "" {
			t.Errorf("%s and %s share the stream %q", line, other, stream)
		}
		seen[stream] = line
	}
	if a, b := sessions.Told(t, "browser page a:x"), sessions.Told(t, "browser page a:x c:y"); a.Stream() != b.Stream() {
		t.Error("a login changes the stream")
	}
}
