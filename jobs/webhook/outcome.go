package webhook

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Result says what an attempt means for the message.
type Result string

// The results of an attempt.
const (
	// Delivered: the endpoint answered with a 2xx status.
	Delivered Result = "delivered"
	// Retry: no answer, or any status but a 2xx and 410. Another attempt may succeed.
	Retry Result = "retry"
	// Gone: the endpoint answered 410 and wants no messages any more.
	Gone Result = "gone"
	// Failed: the message cannot be sent at all, such as to an address that is
	// no URL. Another attempt would end the same.
	Failed Result = "failed"
)

// Outcome is how an attempt ended.
type Outcome struct {
	Result     Result
	Status     int           // the HTTP status, 0 when there was no answer
	RetryAfter time.Duration // how long the endpoint asked us to wait, 0 when it did not
	Reason     string        // why it was not delivered, in one line fit for a database and a screen
	Took       time.Duration // from the beginning of the attempt to its end
	Answer     string        // the first [KeptAnswer] bytes of the answer's body, whatever they are
}

// answered returns the outcome of an answer that arrived at now.
func answered(status int, header http.Header, now time.Time) Outcome {
	switch {
	case status >= 200 && status < 300:
		return Outcome{Result: Delivered, Status: status}
	case status == http.StatusGone:
		return Outcome{Result: Gone, Status: status, Reason: "the endpoint answered 410 Gone"}
	}
	reason := strings.TrimSpace(fmt.Sprintf("the endpoint answered %d %s", status, http.StatusText(status)))
	if status >= 300 && status < 400 {
		reason += "; redirects are not followed"
	}
	return Outcome{Result: Retry, Status: status, RetryAfter: retryAfter(header.Get("Retry-After"), now), Reason: reason}
}

// retryAfter reads a Retry-After header, which holds seconds or a date. What
// cannot be read, and a date in the past, count as none; the rest is capped at
// [LongestRetryAfter].
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, LongestRetryAfter)
	}
	if digits(text) { // too many for a number we keep
		return LongestRetryAfter
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), LongestRetryAfter)
}

// digits reports whether a text is a number without sign.
func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// longestReason is how many bytes of an error are kept.
const longestReason = 300

// reason returns the text of an error in one valid line without U+0000, which
// not every database stores, cut to a readable length.
func reason(err error) string {
	text := strings.ToValidUTF8(strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\x00", " ")), " "), "?")
	if len(text) > longestReason {
		text = strings.ToValidUTF8(text[:longestReason], "") + "…"
	}
	return text
}
