package webhook

import "time"

// LongestRetryAfter is how far off an endpoint may put its next attempt.
const LongestRetryAfter = 24 * time.Hour

// Attempts is how many attempts a message gets at most.
const Attempts = 10

// delays returns how long to wait before each attempt after the one before it
// ended, by the schedule that Standard Webhooks recommends.
func delays() [Attempts]time.Duration {
	return [Attempts]time.Duration{
		0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute,
		2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// Next returns when the attempt after the given number of attempts is due, the
// last of them having ended at ended, and false when there is none left. A
// retryAfter that the endpoint asked for holds when it is later than the
// schedule, and never beyond [LongestRetryAfter].
func Next(attempts int, ended time.Time, retryAfter time.Duration) (time.Time, bool) {
	if attempts < 0 || attempts >= Attempts {
		return time.Time{}, false
	}
	return ended.Add(max(delays()[attempts], min(retryAfter, LongestRetryAfter))), true
}
