package jobs

import (
	"context"
	"time"
)

// Idle is what lets go of sessions that are over, and says how many they were.
type Idle interface {
	CloseIdle(ctx context.Context) (int, error)
}

// Closing returns the job that closes sessions. They are over by their events
// alone; closing only frees the memory that is held for their continuation.
func Closing(schedule string, follower Idle) Job {
	return Job{
		Name: "closing", Schedule: schedule, Deadline: time.Minute,
		Purpose: "Let go of sessions that are over.",
		Run: func(ctx context.Context, _ time.Time) (Report, error) {
			n, err := follower.CloseIdle(ctx)
			return Report{"closed": int64(n)}, err
		},
	}
}
