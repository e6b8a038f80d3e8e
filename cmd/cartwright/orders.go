package main

import (
	"context"
	"time"

	"cartwright/api"
	"cartwright/jobs"
	"cartwright/sessions"
)

// jobOrders is what may be asked of the shop's jobs over HTTP.
func (s *Shop) jobOrders() api.Jobs {
	return api.Jobs{
		List: func(ctx context.Context) (any, error) { return s.runner.Standing(ctx) },
		Runs: func(ctx context.Context, job string, before sessions.Millis, limit int) ([]api.JobRun, error) {
			runs, err := jobs.Runs(ctx, s.db, job, before, limit)
			answers := make([]api.JobRun, len(runs))
			for i, r := range runs {
				answers[i] = api.JobRun{Started: r.Started, Answer: r}
			}
			return answers, err
		},
		Run: func(ctx context.Context, job, who, reason string) (any, error) {
			return jobs.RequestRun(ctx, s.db, jobs.Order{Job: job, Who: who, Reason: reason}, time.Now())
		},
		Pause: func(ctx context.Context, job, who, reason string) error {
			return jobs.PauseJob(ctx, s.db, jobs.Order{Job: job, Who: who, Reason: reason}, time.Now())
		},
		Resume: func(ctx context.Context, job string) error { return jobs.ResumeJob(ctx, s.db, job) },
	}
}
