package main

import (
	"context"
	"errors"
	"time"

	"cartwright/api"
	"cartwright/jobs"
)

// webhooks is what may be asked of the shop's endpoints over HTTP.
func (s *Shop) webhooks() api.Webhooks {
	e := s.endpoints
	return api.Webhooks{
		UsualOverlap: jobs.UsualOverlap,
		List:         func(ctx context.Context) (any, error) { return refusable(e.List(ctx, time.Now())) },
		Find: func(ctx context.Context, id int64) (any, error) {
			return refusable(e.Find(ctx, jobs.EndpointID(id), time.Now()))
		},
		Create: func(ctx context.Context, w api.EndpointWish) (any, error) {
			return refusable(e.Create(ctx, jobs.Wish(w), time.Now()))
		},
		Change: func(ctx context.Context, id int64, w api.EndpointWish) (any, error) {
			return refusable(e.Change(ctx, jobs.EndpointID(id), jobs.Wish(w), time.Now()))
		},
		Remove: func(ctx context.Context, id int64) error {
			return refused(e.Remove(ctx, jobs.EndpointID(id), time.Now()))
		},
		Rotate: func(ctx context.Context, id int64, overlap time.Duration) (any, error) {
			return refusable(e.Rotate(ctx, jobs.EndpointID(id), overlap, time.Now()))
		},
		Retire: func(ctx context.Context, id int64) (any, error) {
			return refusable(e.Retire(ctx, jobs.EndpointID(id), time.Now()))
		},
		Test: func(ctx context.Context, id int64) (any, error) {
			return refusable(e.Test(ctx, jobs.EndpointID(id), time.Now()))
		},
		Deliveries: func(ctx context.Context, id int64, status, after string, limit int) ([]api.WebhookDelivery, error) {
			list, err := e.Deliveries(ctx, jobs.EndpointID(id), status, after, limit)
			rows := make([]api.WebhookDelivery, len(list))
			for i, d := range list {
				rows[i] = api.WebhookDelivery{Place: d.Place(), Answer: d}
			}
			return rows, refused(err)
		},
		Delivery: func(ctx context.Context, trigger string, id int64) (any, error) {
			return refusable(e.Delivery(ctx, trigger, jobs.EndpointID(id)))
		},
		Resend: func(ctx context.Context, trigger string, id int64) (any, error) {
			return refusable(s.delivery.Resend(ctx, trigger, jobs.EndpointID(id)))
		},
	}
}

// refusable is an answer, with an error that HTTP has a status for.
func refusable[T any](answer T, err error) (any, error) { return answer, refused(err) }

// refused makes a refusal of the jobs' one that HTTP has a status for.
func refused(err error) error {
	r, ok := errors.AsType[*jobs.Refusal](err)
	switch {
	case !ok:
		return err
	case r.Wrong:
		return api.Invalid(r.Code, r.Detail)
	}
	return api.Conflict(r.Code, r.Detail)
}
