package jobs

import (
	"context"
	"time"

	"cartwright/sessions/database"
)

// Idle is what lets go of sessions that are over, and says how many they were.
type Idle interface {
	CloseIdle(ctx context.Context) (int, error)
}

// Window is what lets go of message ids that are too old to be found again, and
// says how many they were.
type Window interface {
	Forget() int
}

// Closing returns the job that closes sessions. They are over by their events
// alone; closing only frees the memory that is held for their continuation, and
// that of old message ids.
func Closing(schedule string, follower Idle, log Window) Job {
	return Job{
		Name: "closing", Schedule: schedule, Deadline: time.Minute, Everywhere: true,
		Purpose: "Let go of sessions that are over, and of old message ids, in memory.",
		Run: func(ctx context.Context, _ time.Time, _ database.Lease) (Report, error) {
			n, err := follower.CloseIdle(ctx)
			return Report{"closed": int64(n), "forgotten": int64(log.Forget())}, err
		},
	}
}
