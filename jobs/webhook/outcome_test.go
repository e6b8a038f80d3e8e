package webhook

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestAnswered(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		status int
		after  string
		want   Outcome
	}{
		{200, "", Outcome{Result: Delivered, Status: 200}},
		{204, "10", Outcome{Result: Delivered, Status: 204}},
		{410, "10", Outcome{Result: Gone, Status: 410, Reason: "the endpoint answered 410 Gone"}},
		{302, "", Outcome{Result: Retry, Status: 302, Reason: "the endpoint answered 302 Found; redirects are not followed"}},
		{404, "", Outcome{Result: Retry, Status: 404, Reason: "the endpoint answered 404 Not Found"}},
		{429, "120", Outcome{Result: Retry, Status: 429, RetryAfter: 2 * time.Minute, Reason: "the endpoint answered 429 Too Many Requests"}},
		{503, "Sun, 01 Mar 2026 12:10:00 GMT", Outcome{Result: Retry, Status: 503, RetryAfter: 10 * time.Minute, Reason: "the endpoint answered 503 Service Unavailable"}},
		{599, "", Outcome{Result: Retry, Status: 599, Reason: "the endpoint answered 599"}},
	} {
		got := answered(c.status, http.Header{"Retry-After": {c.after}}, now)
		if got != c.want {
			t.Errorf("%d with %q: %+v, want %+v", c.status, c.after, got, c.want)
		}
	}
}

func TestRetryAfterHeader(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"":                               0,
		"0":                              0,
		" 5 ":                            5 * time.Second,
		"-5":                             0,
		"1.5":                            0,
		"soon":                           0,
		"999999":                         LongestRetryAfter,
		"99999999999999999999999999":     LongestRetryAfter,
		"Sun, 01 Mar 2026 11:59:00 GMT":  0,
		"Sunday, 01-Mar-26 12:00:30 GMT": 30 * time.Second,
		"Sun, 01 Mar 2099 12:00:00 GMT":  LongestRetryAfter,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "5", "Sun, 01 Mar 2026 12:10:00 GMT", "18446744073709551616"} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if got := retryAfter(text, now); got < 0 || got > LongestRetryAfter {
			t.Errorf("%q: %s", text, got)
		}
	})
}

func TestReasonFitsAnyDatabase(t *testing.T) {
	for _, text := range []string{"a\x00b", "a\n b\t", "\xff\xfe", strings.Repeat("ü", 400)} {
		got := reason(errors.New(text))
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\n\t") || len(got) > longestReason+len("…") {
			t.Errorf("%q became %q", text, got)
		}
	}
}
