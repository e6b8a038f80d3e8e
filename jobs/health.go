package jobs

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// health is how the attempts at an endpoint go.
type health struct {
	succeeded sessions.Millis // when an attempt last did; 0: never
	failing   sessions.Millis // since when all attempts failed; 0: the last one did not
	attempted sessions.Millis // when the last attempt ended; 0: never
	reason    string          // why the last attempt that failed did
}

// forgotten is how long a silence ends a time of failing: what was with an endpoint
// while nothing was sent to it, nobody knows. No message waits longer between two attempts.
const forgotten = 2 * webhook.LongestRetryAfter

// after returns the health once more attempts ended at now. One success among those
// that were made at the same time is enough: the endpoint is there.
func (h health) after(outcomes []webhook.Outcome, limit time.Duration, now sessions.Millis) health {
	if len(outcomes) == 0 {
		return h
	}
	silent := h.attempted != 0 && now > h.attempted.Add(max(forgotten, limit))
	h.attempted = now
	delivered := false
	for _, o := range outcomes {
		if o.Result == webhook.Delivered {
			delivered = true
		} else {
			h.reason = o.Reason
		}
	}
	switch {
	case delivered:
		h.succeeded, h.failing = now, 0
	case h.failing == 0 || silent:
		h.failing = now
	}
	return h
}

// sustained reports whether all attempts failed for at least the limit; 0 is none.
func (h health) sustained(limit time.Duration, now sessions.Millis) bool {
	return limit > 0 && h.failing != 0 && now >= h.failing.Add(limit)
}

// judgement is what attempts mean for their endpoint.
type judgement struct {
	endpoint endpointRow
	disabled string // why it was disabled by them; empty if it was not
}

// judge notes how attempts at one endpoint went with it, and disables it if it is gone
// or failed for too long.
func (d *Delivery) judge(tx *gorm.DB, attempts []attempt, now sessions.Millis) (j judgement, err error) {
	var outcomes []webhook.Outcome
	isGone := false
	for _, a := range attempts {
		isGone = isGone || a.outcome.Result == webhook.Gone
		if a.made {
			outcomes = append(outcomes, a.outcome)
		}
	}
	if len(outcomes) == 0 && !isGone {
		return j, nil
	}
	id := attempts[0].row.EndpointID
	if err := tx.Where("id = ?", id).Take(&j.endpoint).Error; err != nil {
		return j, fmt.Errorf("load endpoint %d: %w", id, err)
	}
	h := j.endpoint.health().after(outcomes, d.patience, now)
	j.endpoint.LastSuccessAt, j.endpoint.FailingSince = int64(h.succeeded), int64(h.failing)
	j.endpoint.LastAttemptAt, j.endpoint.LastError = int64(h.attempted), h.reason
	if err := j.endpoint.change(tx, "last_success_at", "failing_since", "last_attempt_at", "last_error"); err != nil {
		return j, err
	}
	switch {
	case j.endpoint.DisabledAt != 0: // for another reason, meanwhile
		return j, nil
	case isGone:
		j.disabled = gone
	case h.sustained(d.patience, now):
		j.disabled = failing
	default:
		return j, nil
	}
	return j, disableEndpoint(tx, EndpointID(id), j.disabled, now)
}

func (r endpointRow) health() health {
	return health{sessions.Millis(r.LastSuccessAt), sessions.Millis(r.FailingSince), sessions.Millis(r.LastAttemptAt), r.LastError}
}

// Alarms are how many endpoints need somebody to look after them.
type Alarms struct {
	Failing  int64            // enabled, and the last attempt failed
	Disabled map[string]int64 // by reason: gone, failing or switched_off
}

// EndpointAlarms counts the endpoints that are disabled or failing, but for those that are
// no longer wanted. Cost: all endpoints are read.
func EndpointAlarms(ctx context.Context, db *database.DB) (Alarms, error) {
	a := Alarms{Disabled: map[string]int64{}}
	for _, reason := range []string{gone, failing, switchedOff} {
		a.Disabled[snake(reason)] = 0
	}
	var rows []endpointRow
	if err := db.Read(ctx).Find(&rows).Error; err != nil {
		return a, fmt.Errorf("look for disabled endpoints: %w", err)
	}
	for _, r := range rows {
		switch _, counted := a.Disabled[snake(r.DisabledReason)]; {
		case r.DisabledAt != 0 && counted:
			a.Disabled[snake(r.DisabledReason)]++
		case r.DisabledAt == 0 && r.FailingSince != 0:
			a.Failing++
		}
	}
	return a, nil
}
