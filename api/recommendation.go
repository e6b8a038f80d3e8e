package api

import (
	"context"
	"net/http"
	"strconv"

	"cartwright/recommend"
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
	_, _ = body.Write(encoded)                             // never fails; it keeps the room for the next answer
	c.Header("Content-Length", strconv.Itoa(len(encoded))) // in one piece
	c.Data(http.StatusOK, "application/json; charset=utf-8", body.Bytes())
	return nil
}

// question reads the parameters of a request for recommendations.
func (c *call) question() (recommend.Request, error) {
	q := recommend.Request{Context: recommend.Context(c.DefaultQuery("context", string(recommend.Home)))}
	for _, p := range [...]struct {
		name string
		to   *string
	}{{"item", (*string)(&q.Item)}, {"anonymous_id", (*string)(&q.Anonymous)}, {"user_id", (*string)(&q.Customer)}} {
		var err error
		if *p.to, err = c.text(p.name); err != nil {
			return q, err
		}
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
	n, err := c.number("n", c.Query("n"), recommend.DefaultN)
	if err != nil || n < 1 || n > recommend.MaximumN {
		return q, invalidParameter("n", "a number from 1 to 100")
	}
	q.N = int(n)
	return q, nil
}
