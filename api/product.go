package api

import (
	"context"
	"net/http"

	"cartwright/sessions"
)

// Products reads the catalog. Lists are in the order of the ids; after is the last of
// the page before.
type Products interface {
	Product(ctx context.Context, id sessions.ProductID) (sessions.Product, error)
	Products(ctx context.Context, after sessions.ProductID, limit int) ([]sessions.Product, error)
}

// products answers GET /v1/products.
func (s *Server) products(c *call) error {
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
	rows, err := s.Products.Products(c.Request.Context(), sessions.ProductID(after), limit+1)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, pageOf(rows, limit, func(p sessions.Product) string { return string(p.ID) }))
	return nil
}

// product answers GET /v1/products/{id}.
func (s *Server) product(c *call) error {
	if err := s.appended(c); err != nil {
		return err
	}
	name, err := c.name()
	if err != nil {
		return err
	}
	p, err := s.Products.Product(c.Request.Context(), sessions.ProductID(name))
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, p)
	return nil
}
