package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// Webhooks is how the shop's endpoints and the deliveries to them stand, and what may be asked of them.
// What is answered is sent as it is. What is not there is sessions.ErrNotFound; what is not
// done is [Conflict] or [Invalid].
type Webhooks struct {
	List   func(ctx context.Context) (any, error)
	Find   func(ctx context.Context, endpoint int64) (any, error)
	Create func(ctx context.Context, w EndpointWish) (any, error) // with its secret
	Change func(ctx context.Context, endpoint int64, w EndpointWish) (any, error)
	Remove func(ctx context.Context, endpoint int64) error

	Rotate func(ctx context.Context, endpoint int64, overlap time.Duration) (any, error) // with the new secret
	Retire func(ctx context.Context, endpoint int64) (any, error)
	Test   func(ctx context.Context, endpoint int64) (any, error)

	Deliveries func(ctx context.Context, endpoint int64, status, after string, limit int) ([]WebhookDelivery, error)
	Delivery   func(ctx context.Context, trigger string, endpoint int64) (any, error)
	Resend     func(ctx context.Context, trigger string, endpoint int64) (any, error)

	UsualOverlap time.Duration // of secrets, if whoever rotates them says nothing
}

// EndpointWish is what is wanted of an endpoint; what is nil stays, or is as usual.
type EndpointWish struct {
	URL         *string   `json:"url"`
	Topics      *[]string `json:"topics"`
	Description *string   `json:"description"`
	Enabled     *bool     `json:"enabled"`
}

// WebhookDelivery is a delivery as it is answered, and where the list goes on after it.
type WebhookDelivery struct {
	Place  string
	Answer any
}

// MarshalJSON is the answer alone.
func (d WebhookDelivery) MarshalJSON() ([]byte, error) { return json.Marshal(d.Answer) }

// webhookRoutes are those that manage endpoints and look into deliveries.
func (s *Server) webhookRoutes() []route {
	const get, post, all, one = http.MethodGet, http.MethodPost, "/v1/webhooks/endpoints", "/v1/webhooks/endpoints/:id"
	const delivery = "/v1/webhooks/deliveries/:trigger/:id"
	return []route{
		{method: get, path: all, scope: Secret, handle: s.endpoints},
		{method: post, path: all, scope: Secret, handle: s.createEndpoint},
		{method: get, path: one, scope: Secret, handle: s.endpoint},
		{method: http.MethodPatch, path: one, scope: Secret, handle: s.changeEndpoint},
		{method: http.MethodDelete, path: one, scope: Secret, handle: s.removeEndpoint},
		{method: post, path: one + "/rotate", scope: Secret, handle: s.rotateSecret},
		{method: post, path: one + "/retire", scope: Secret, handle: s.retireSecret},
		{method: post, path: one + "/test", scope: Secret, handle: s.testEndpoint},
		{method: get, path: one + "/deliveries", scope: Secret, asks: []string{"status", "limit", "after", "after_seq"}, handle: s.endpointDeliveries},
		{method: get, path: delivery, scope: Secret, handle: s.delivery},
		{method: post, path: delivery + "/resend", scope: Secret, handle: s.resendDelivery},
	}
}

// Conflict is an error that says why something is not done as things stand, and what to do.
func Conflict(code, detail string) error { return problem(http.StatusConflict, code, detail) }

// Invalid is an error that says what is wrong with what was asked for.
func Invalid(code, detail string) error { return problem(http.StatusBadRequest, code, detail) }

// endpoints answers GET /v1/webhooks/endpoints: all there are, the oldest first.
func (s *Server) endpoints(c *call) error {
	list, err := s.Webhooks.List(c.Request.Context())
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, map[string]any{"data": list, "next": nil})
	return nil
}

// createEndpoint answers POST /v1/webhooks/endpoints.
func (s *Server) createEndpoint(c *call) error {
	return s.withWish(c, func(w EndpointWish) error {
		made, err := s.Webhooks.Create(c.Request.Context(), w)
		if err != nil {
			return err
		}
		c.JSON(http.StatusCreated, made)
		return nil
	})
}

// endpoint answers GET /v1/webhooks/endpoints/{id}.
func (s *Server) endpoint(c *call) error { return onEndpoint(c, s.Webhooks.Find) }

// changeEndpoint answers PATCH /v1/webhooks/endpoints/{id}.
func (s *Server) changeEndpoint(c *call) error {
	return s.withWish(c, func(w EndpointWish) error {
		return onEndpoint(c, func(ctx context.Context, id int64) (any, error) { return s.Webhooks.Change(ctx, id, w) })
	})
}

// removeEndpoint answers DELETE /v1/webhooks/endpoints/{id}.
func (s *Server) removeEndpoint(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.Webhooks.Remove(c.Request.Context(), id); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// mostOverlapHours keeps an overlap within what a duration holds; how much is allowed is not for us to say.
const mostOverlapHours = 1_000_000

// rotateSecret answers POST /v1/webhooks/endpoints/{id}/rotate.
func (s *Server) rotateSecret(c *call) error {
	return s.withBody(c, func(body []byte) error {
		var order struct {
			Hours *int64 `json:"overlap_hours"`
		}
		if err := decodeOrder(body, &order, `{"overlap_hours": 24}, or nothing`); err != nil {
			return err
		}
		overlap := s.Webhooks.UsualOverlap
		if order.Hours != nil {
			if *order.Hours < 0 || *order.Hours > mostOverlapHours {
				return invalidParameter("overlap_hours", "a number of hours, 0 to let the secret before end at once")
			}
			overlap = time.Duration(*order.Hours) * time.Hour
		}
		return onEndpoint(c, func(ctx context.Context, id int64) (any, error) { return s.Webhooks.Rotate(ctx, id, overlap) })
	})
}

// retireSecret answers POST /v1/webhooks/endpoints/{id}/retire.
func (s *Server) retireSecret(c *call) error { return onEndpoint(c, s.Webhooks.Retire) }

// testEndpoint answers POST /v1/webhooks/endpoints/{id}/test, when the endpoint answered or its time is over.
func (s *Server) testEndpoint(c *call) error { return onEndpoint(c, s.Webhooks.Test) }

// endpointDeliveries answers GET /v1/webhooks/endpoints/{id}/deliveries, the newest first.
func (s *Server) endpointDeliveries(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	id, err := c.id()
	if err != nil {
		return err
	}
	limit, err := c.limit()
	if err != nil {
		return err
	}
	status, err := c.text("status")
	if err != nil {
		return err
	}
	after, err := c.text("after")
	if err != nil {
		return err
	}
	rows, err := s.Webhooks.Deliveries(c.Request.Context(), id, status, after, limit+1)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, pageOf(rows, limit, func(d WebhookDelivery) string { return d.Place }))
	return nil
}

// delivery answers GET /v1/webhooks/deliveries/{trigger}/{id}.
func (s *Server) delivery(c *call) error {
	return onEndpoint(c, func(ctx context.Context, id int64) (any, error) {
		return s.Webhooks.Delivery(ctx, c.Param("trigger"), id)
	})
}

// resendDelivery answers POST /v1/webhooks/deliveries/{trigger}/{id}/resend: the delivery, whose next attempt is
// made within a second or so.
func (s *Server) resendDelivery(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	state, err := s.Webhooks.Resend(c.Request.Context(), c.Param("trigger"), id)
	if err != nil {
		return err
	}
	c.JSON(http.StatusAccepted, state)
	return nil
}

// onEndpoint answers what is found or done with the endpoint in the path.
func onEndpoint(c *call, do func(ctx context.Context, id int64) (any, error)) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	answer, err := do(c.Request.Context(), id)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, answer)
	return nil
}

// withWish reads the body and hands on what it wants.
func (s *Server) withWish(c *call, use func(EndpointWish) error) error {
	return s.withBody(c, func(body []byte) error {
		var w EndpointWish
		if err := decodeOrder(body, &w, `{"url": "https://…", "topics": ["cart.abandoned"], "description": "…", "enabled": true}, or some of it`); err != nil {
			return err
		}
		return use(w)
	})
}

// decodeOrder reads a body that is one object of known fields, or nothing.
func decodeOrder(body []byte, into any, expected string) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) || decoder.More() {
		return invalidBody("the body must be " + expected)
	}
	return nil
}
