package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// Recommender appends the answer to what a shopper may want next, as JSON, and says when
// answers take all events up to a seq into account.
type Recommender interface {
	AppendJSON(ctx context.Context, q recommend.Request, dst []byte) ([]byte, error)
	WaitFor(ctx context.Context, seq sessions.Seq) error
}

// recommend answers GET /v1/recommendations.
func (s *Server) recommend(c *call) error {
	q, after, err := c.question()
	if err != nil {
		return err
	}
	if err := c.awaitSeq(after.value, s.Recommend.WaitFor); err != nil {
		return err
	}
	return s.answerQuestion(c, q)
}

// recommendTold answers POST /v1/recommendations: the same with a body, which has room to
// tell more.
func (s *Server) recommendTold(c *call) error {
	if err := s.followed(c); err != nil {
		return err
	}
	return s.withBody(c, func(body []byte) error {
		var f questionForm
		q := f.whole(body)
		if len(f.Errors) > 0 {
			return refusedForm(f.Errors)
		}
		return s.answerQuestion(c, q)
	})
}

// recommendBatch answers POST /v1/recommendations/batch: each request for itself, in
// order. Trouble of ours fails all of them, for they can be sent again.
func (s *Server) recommendBatch(c *call) error {
	if err := s.followed(c); err != nil {
		return err
	}
	return s.withBody(c, func(body []byte) error {
		var f questionForm
		questions := f.batch(body)
		if len(f.Errors) > 0 {
			return refusedForm(f.Errors)
		}
		return s.answerEncoded(c, func(dst []byte) (_ []byte, err error) {
			dst = append(dst, `{"results":[`...)
			for i, q := range questions {
				if i > 0 {
					dst = append(dst, ',')
				}
				if dst, err = s.appendResult(c, dst, q); err != nil {
					return nil, err
				}
			}
			return append(dst, `]}`...), nil
		})
	})
}

// appendResult appends the answer to one request of a batch, or the problem with it.
func (s *Server) appendResult(c *call, dst []byte, q question) ([]byte, error) {
	if len(q.mistakes) > 0 {
		return appendProblem(dst, refusedForm(q.mistakes))
	}
	answered, err := s.Recommend.AppendJSON(c.Request.Context(), q.Request, append(dst, `{"answer":`...))
	if err == nil {
		return append(answered, '}'), nil
	}
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		return nil, err
	}
	return appendProblem(dst, p)
}

func appendProblem(dst []byte, p *Problem) ([]byte, error) {
	told, err := json.Marshal(p)
	return append(append(append(dst, `{"problem":`...), told...), '}'), err
}

// answerQuestion answers a request for recommendations. A public key asks for what an
// anonymous shopper may see only: whatever else it tells is the asker's own.
func (s *Server) answerQuestion(c *call, q recommend.Request) error {
	if c.key.Scope == Write && q.Customer != "" {
		return problem(http.StatusForbidden, "scope_insufficient",
			"with a write key, which is public, only anonymous_id may be asked for; user_id needs a secret key")
	}
	return s.answerEncoded(c, func(dst []byte) ([]byte, error) { return s.Recommend.AppendJSON(c.Request.Context(), q, dst) })
}

// answerEncoded answers with what encode appends. It is c.JSON for what is asked for, and
// sent, with every page.
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

// followed waits until answers take into account what the call's after_seq asks for,
// before the body is read, which takes up room.
func (s *Server) followed(c *call) error {
	if c.Request.URL.RawQuery == "" {
		return nil
	}
	return c.await(s.Recommend.WaitFor)
}

// question reads the parameters of a request for recommendations, and the seq that it
// is to come after.
func (c *call) question() (q recommend.Request, after argument, err error) {
	known := [...]argument{{name: "context"}, {name: "item"}, {name: "anonymous_id"}, {name: "user_id"}, {name: "n"}, {name: "per_category"}, {name: "after_seq"}}
	read(c.Request.URL.RawQuery, known[:])
	place, item, anonymous, customer, count, bound, after := known[0], known[1], known[2], known[3], known[4], known[5], known[6]
	q = recommend.Request{
		Context: recommend.Home, Item: sessions.ProductID(item.value),
		Anonymous: sessions.AnonymousID(anonymous.value), Customer: sessions.CustomerID(customer.value),
	}
	for _, p := range [...]argument{item, anonymous, customer} {
		if !storable(p.value) {
			return q, after, notStorable(p.name)
		}
	}
	if place.given {
		q.Context = recommend.Context(place.value)
	}
	if q.N, err = c.atMost(count, recommend.DefaultN); err != nil {
		return q, after, err
	}
	if q.PerCategory, err = c.atMost(bound, 0); err != nil {
		return q, after, err
	}
	if err := refine(c.Request.URL.RawQuery, &q); err != nil {
		return q, after, err
	}
	if wrong := q.Mistakes(); len(wrong) > 0 {
		return q, after, problem(http.StatusBadRequest, codeInvalidParameter, parameterOf(wrong[0].Part)+" "+wrong[0].Reason)
	}
	return q, after, nil
}

// atMost reads a parameter that is a number of items, or absent.
func (c *call) atMost(p argument, absent int) (int, error) {
	n, err := c.number(p.name, p.value, int64(absent))
	if err != nil || p.value != "" && n < 1 || n > recommend.MaximumN {
		return 0, invalidParameter(p.name, "a number from 1 to 100")
	}
	return int(n), nil
}

// refusedForm is the problem with a body that cannot be answered.
func refusedForm(mistakes []wire.FieldError) *Problem {
	p := problem(statusOf(mistakes[0].Code), mistakes[0].Code, mistakes[0].String())
	if len(mistakes) > 1 {
		p.Detail = "the body has " + strconv.Itoa(len(mistakes)) + " mistakes, which errors lists"
	}
	p.Errors = mistakes
	return p
}
