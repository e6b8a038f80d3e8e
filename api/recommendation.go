package api

import (
	"context"
	"net/http"
	"strconv"

	"cartwright/recommend"
	"cartwright/sessions"
)

// Recommender answers what a shopper may want next.
type Recommender interface {
	Recommend(ctx context.Context, q recommend.Request) (recommend.Answer, error)
}

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
	return s.answerEncoded(c, answer.AppendJSON)
}

// answerEncoded answers with what encode appends. It is c.JSON for what is asked for
// with every page.
func (s *Server) answerEncoded(c *call, encode func([]byte) ([]byte, error)) error {
	body := s.texts.Get().(*text)
	defer s.release(body)
	encoded, err := encode(body.AvailableBuffer())
	if err != nil {
		return err
	}
	_, _ = body.Write(encoded) // never fails; it keeps the room for the next answer
	h := c.Writer.Header()
	h["Content-Type"] = s.ofJSON
	h["Content-Length"] = []string{strconv.Itoa(len(encoded))} // in one piece
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = c.Writer.Write(encoded) // who hung up reads nothing
	return nil
}

// question reads the parameters of a request for recommendations.
func (c *call) question() (recommend.Request, error) {
	known := [...]argument{{name: "context"}, {name: "item"}, {name: "anonymous_id"}, {name: "user_id"}, {name: "n"}}
	read(c.Request.URL.RawQuery, known[:])
	place, item, anonymous, customer, count := known[0], known[1], known[2], known[3], known[4]
	q := recommend.Request{
		Context: recommend.Home, Item: sessions.ProductID(item.value),
		Anonymous: sessions.AnonymousID(anonymous.value), Customer: sessions.CustomerID(customer.value),
	}
	for _, p := range [...]argument{item, anonymous, customer} {
		if !storable(p.value) {
			return q, notStorable(p.name)
		}
	}
	if place.given {
		q.Context = recommend.Context(place.value)
	}
	switch q.Context {
	case recommend.Home, recommend.Cart:
	case recommend.Product:
		if q.Item == "" {
			return q, invalidParameter("item", "the product_id that is looked at")
		}
	default:
		return q, invalidParameter("context", "home, product or cart")
	}
	n, err := c.number("n", count.value, recommend.DefaultN)
	if err != nil || n < 1 || n > recommend.MaximumN {
		return q, invalidParameter("n", "a number from 1 to 100")
	}
	q.N = int(n)
	return q, nil
}
