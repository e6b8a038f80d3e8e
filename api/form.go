package api

import (
	"bytes"
	"fmt"
	"net/http"

	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// putCart answers PUT /v1/carts/{id}: a whole cart, which replaces all its lines.
func (s *Server) putCart(c *call) error {
	return s.withBody(c, func(body []byte) error {
		e, mistakes := s.Decoder.Cart(sessions.CartID(c.Param("id")), body, c.received())
		if len(mistakes) > 0 {
			return s.refuseForm(c, body, mistakes)
		}
		return s.appendOne(c, e)
	})
}

// postOrder answers POST /v1/orders. The same order sent again is a duplicate.
func (s *Server) postOrder(c *call) error {
	return s.withBody(c, func(body []byte) error {
		e, mistakes := s.Decoder.Order(body, c.received())
		if len(mistakes) > 0 {
			return s.refuseForm(c, body, mistakes)
		}
		return s.appendOne(c, e)
	})
}

// putProducts answers PUT /v1/products: all of them are taken, or none.
func (s *Server) putProducts(c *call) error { return s.putAll(c, s.Decoder.Products) }

// putAll appends all that a form tells, or nothing of it.
func (s *Server) putAll(c *call, decode func(body []byte, received sessions.Millis) ([]*sessions.Event, []wire.FieldError)) error {
	return s.withBody(c, func(body []byte) error {
		events, mistakes := decode(body, c.received())
		if len(mistakes) > 0 {
			return s.refuseForm(c, body, mistakes)
		}
		if len(events) == 0 {
			return s.receipt(c, Receipt{Success: true, Seq: s.Log.Head().Seq})
		}
		receipt, err := s.append(c, sessions.Batch{Events: events})
		if err != nil {
			return err
		}
		return s.receipt(c, Receipt{Success: true, Seq: receipt.Seq, Rejected: receipt.Rejected})
	})
}

// refuseForm keeps a form aside as one rejected item, unless it could not be read
// at all, and tells every mistake in it.
func (s *Server) refuseForm(c *call, body []byte, mistakes []wire.FieldError) error {
	first := mistakes[0]
	p := problem(http.StatusBadRequest, first.Code, fmt.Sprintf("the body has %d mistakes, which errors lists; nothing of it was taken", len(mistakes)))
	if len(mistakes) == 1 {
		p.Detail = first.String()
	}
	p.Errors = mistakes
	for _, m := range mistakes {
		if m.Code == wire.CodeTooLarge {
			p.Status, p.Title, p.Code = http.StatusRequestEntityTooLarge, http.StatusText(http.StatusRequestEntityTooLarge), m.Code
		}
	}
	if first.Code == wire.CodeInvalidJSON || p.Code == wire.CodeTooLarge {
		return p
	}
	rejected := sessions.Rejected{Code: p.Code, Reason: first.String(), Body: bytes.Clone(wire.WithoutKey(body))}
	if _, err := s.append(c, sessions.Batch{Rejected: []sessions.Rejected{rejected}}); err != nil {
		return err
	}
	return p
}
