package api

import (
	"context"
	"net/http"

	"cartwright/sessions"
)

// Question asks what to recommend.
type Question struct {
	Context   string             // home, product or cart
	Item      sessions.ProductID // in the context product: the one looked at
	Anonymous sessions.AnonymousID
	Customer  sessions.CustomerID // only from a secret key
	N         int                 // how many, at most
}

// Recommender answers questions. What it returns is sent as JSON.
type Recommender interface {
	Recommend(ctx context.Context, q Question) (any, error)
}

// The number of recommendations.
const (
	defaultN = 10
	maximumN = 100
)

// recommend answers GET /v1/recommendations.
func (s *Server) recommend(c *call) error {
	q, err := c.question()
	if err != nil {
		return err
	}
	if c.key.Scope == Write && q.Customer != "" {
		return problem(http.StatusForbidden, "scope_insufficient",
			"with a write key, which is public, only anonymous_id may be asked for; user_id needs a secret key")
	}
	answer, err := s.Recommend.Recommend(c.Request.Context(), q)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, answer)
	return nil
}

// question reads the parameters of a request for recommendations.
func (c *call) question() (Question, error) {
	q := Question{
		Context: c.DefaultQuery("context", "home"), Item: sessions.ProductID(c.Query("item")),
		Anonymous: sessions.AnonymousID(c.Query("anonymous_id")), Customer: sessions.CustomerID(c.Query("user_id")),
	}
	switch q.Context {
	case "home", "cart":
	case "product":
		if q.Item == "" {
			return q, invalidParameter("item", "the product_id that is looked at")
		}
	default:
		return q, invalidParameter("context", "home, product or cart")
	}
	n, err := c.number("n", c.Query("n"), defaultN)
	if err != nil || n < 1 || n > maximumN {
		return q, invalidParameter("n", "a number from 1 to 100")
	}
	q.N = int(n)
	return q, nil
}
