package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/jobs"
	"cartwright/jobs/webhook"
)

// hooked is the shop's server as a test shop's webhooks reach it.
type hooked struct {
	mu     sync.Mutex // guards what follows
	status int
	body   []byte      // of the last message
	header http.Header // of it
}

func (h *hooked) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.body, h.header = body, r.Header
	if h.status == 0 {
		return nil, errors.New("connection reset")
	}
	return &http.Response{StatusCode: h.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("said \xff the server"))}, nil
}

// answers makes the server answer with a status, 0 for none at all.
func (h *hooked) answers(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

// last returns the last message.
func (h *hooked) last() (body []byte, header http.Header) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.body, h.header
}

func (h *hooked) text() string { body, _ := h.last(); return string(body) }
func (h *hooked) id() string   { _, header := h.last(); return header.Get("Webhook-Id") }

// realWebhooks are the real endpoints and deliveries over the database of a test shop, joined as the program does.
func realWebhooks(t testing.TB, s *shop, carts *cart.Store) api.Webhooks {
	s.hooked = &hooked{status: 200}
	options := webhook.Options{Transport: s.hooked}
	sender := webhook.NewSender(options)
	e := jobs.NewEndpoints(s.db, options, sender)
	s.delivery = jobs.NewDelivery(jobs.DeliveryOptions{Database: s.db, Log: s.log, Triggers: carts, Sender: sender,
		Messages: cart.NewMessages(cart.RulesOf(flow.New(time.Hour, 24*time.Hour))), Now: func() time.Time { return start }})
	t.Cleanup(func() { s.delivery.Close(context.Background()) })
	return api.Webhooks{
		UsualOverlap: jobs.UsualOverlap,
		List:         func(ctx context.Context) (any, error) { return joined(e.List(ctx, start)) },
		Find: func(ctx context.Context, id int64) (any, error) {
			return joined(e.Find(ctx, jobs.EndpointID(id), start))
		},
		Create: func(ctx context.Context, w api.EndpointWish) (any, error) {
			return joined(e.Create(ctx, jobs.Wish(w), start))
		},
		Change: func(ctx context.Context, id int64, w api.EndpointWish) (any, error) {
			return joined(e.Change(ctx, jobs.EndpointID(id), jobs.Wish(w), start))
		},
		Remove: func(ctx context.Context, id int64) error {
			_, err := joined(0, e.Remove(ctx, jobs.EndpointID(id), start))
			return err
		},
		Rotate: func(ctx context.Context, id int64, overlap time.Duration) (any, error) {
			return joined(e.Rotate(ctx, jobs.EndpointID(id), overlap, start))
		},
		Retire: func(ctx context.Context, id int64) (any, error) {
			return joined(e.Retire(ctx, jobs.EndpointID(id), start))
		},
		Test: func(ctx context.Context, id int64) (any, error) {
			return joined(e.Test(ctx, jobs.EndpointID(id), start))
		},
		Deliveries: func(ctx context.Context, id int64, status, after string, limit int) (rows []api.WebhookDelivery, err error) {
			list, err := e.Deliveries(ctx, jobs.EndpointID(id), status, after, limit)
			for _, d := range list {
				rows = append(rows, api.WebhookDelivery{Place: d.Place(), Answer: d})
			}
			_, err = joined(0, err)
			return rows, err
		},
		Delivery: func(ctx context.Context, trigger string, id int64) (any, error) {
			return joined(e.Delivery(ctx, trigger, jobs.EndpointID(id)))
		},
		Resend: func(ctx context.Context, trigger string, id int64) (any, error) {
			return joined(s.delivery.Resend(ctx, trigger, jobs.EndpointID(id)))
		},
	}
}

func joined[T any](answer T, err error) (any, error) {
	if r, ok := errors.AsType[*jobs.Refusal](err); ok && r.Wrong {
		return nil, api.Invalid(r.Code, r.Detail)
	} else if ok {
		return nil, api.Conflict(r.Code, r.Detail)
	}
	return answer, err
}
