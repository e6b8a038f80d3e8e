package recommend

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// buildingWait is how long a question waits for the first pass: a quarter of a million events
// are read until then.
const buildingWait = 2 * time.Second

// ErrBuilding says that what happened before the start is still being read from the log. By half
// of it, hidden products would be shown, and what sells best would be what once did.
var ErrBuilding = errors.New("recommend: the log is still being read")

// WaitBuilt returns when all that the log had at the start is taken into account, or with
// ctx's error. Before that nothing is answered.
func (r *Recommender) WaitBuilt(ctx context.Context) error {
	if r.isBuilt() {
		return nil
	}
	select {
	case <-r.built:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// isBuilt reports whether the first pass is done, or there is none.
func (r *Recommender) isBuilt() bool {
	select {
	case <-r.built:
		return true
	default:
		return r.built == nil
	}
}

// build waits for the first pass, but no longer than that.
func (r *Recommender) build(ctx context.Context) error {
	if r.isBuilt() {
		return nil
	}
	short, cancel := context.WithTimeout(ctx, buildingWait)
	defer cancel()
	if r.WaitBuilt(short) == nil {
		return nil
	}
	return cmp.Or(ctx.Err(), ErrBuilding)
}
