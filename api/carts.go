package api

import (
	"errors"
	"net/http"
	"strconv"

	"cartwright/cart"
	"cartwright/sessions"
)

// carts answers GET /v1/carts.
func (s *Server) carts(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	return numbered(c, func(after cart.ID, limit int) ([]cart.Cart, error) {
		return s.Carts.Carts(c.Request.Context(), after, limit)
	}, func(found cart.Cart) cart.ID { return found.ID })
}

// cart answers GET /v1/carts/{id}.
func (s *Server) cart(c *call) error {
	found, err := s.named(c)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, found)
	return nil
}

// cartDecisions answers GET /v1/carts/{id}/decisions: all there are, the oldest first.
func (s *Server) cartDecisions(c *call) error {
	found, err := s.named(c)
	if err != nil {
		return err
	}
	decisions, err := s.Carts.Decisions(c.Request.Context(), found.ID)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, page[cart.Decision]{Data: decisions})
	return nil
}

// sessionDecisions answers GET /v1/sessions/{id}/decisions: all there are, the oldest first.
func (s *Server) sessionDecisions(c *call) error {
	found, err := s.foundSession(c)
	if err != nil {
		return err
	}
	decisions, err := s.Carts.SessionDecisions(c.Request.Context(), found.ID)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, page[cart.Decision]{Data: decisions})
	return nil
}

// named returns the cart that the path names by the shop's own id, or else by
// ours: carts that browsers filled may have no other.
func (s *Server) named(c *call) (cart.Cart, error) {
	if err := s.appended(c); err != nil {
		return cart.Cart{}, err
	}
	name, err := c.name()
	if err != nil {
		return cart.Cart{}, err
	}
	ctx := c.Request.Context()
	found, err := s.Carts.CartNamed(ctx, sessions.CartID(name))
	if !errors.Is(err, sessions.ErrNotFound) {
		return found, err
	}
	id, err := c.id()
	if err != nil {
		return cart.Cart{}, err
	}
	return s.Carts.Cart(ctx, cart.ID(id))
}

// orders answers GET /v1/orders.
func (s *Server) orders(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	return numbered(c, func(after sessions.Seq, limit int) ([]cart.Order, error) {
		return s.Carts.Orders(c.Request.Context(), after, limit)
	}, func(o cart.Order) sessions.Seq { return o.Seq })
}

// order answers GET /v1/orders/{id}.
func (s *Server) order(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	name, err := c.name()
	if err != nil {
		return err
	}
	o, err := s.Carts.Order(c.Request.Context(), sessions.OrderID(name))
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, o)
	return nil
}

// triggers answers GET /v1/triggers.
func (s *Server) triggers(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	limit, err := c.limit()
	if err != nil {
		return err
	}
	after, err := c.text("after")
	if err != nil {
		return err
	}
	rows, err := s.Carts.Triggers(c.Request.Context(), after, limit+1)
	if errors.Is(err, sessions.ErrNotFound) {
		return invalidParameter("after", "the id of a trigger, "+strconv.Quote(after)+" is none")
	}
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, pageOf(rows, limit, func(t cart.Trigger) string { return t.ID }))
	return nil
}
