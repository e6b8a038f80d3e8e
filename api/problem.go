package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/database"
	"cartwright/sessions/wire"
)

// Problem is an answer that is not a success (RFC 9457). Its type is always
// about:blank, so its title is that of the status; Code tells problems apart.
type Problem struct {
	Type   string            `json:"type"`
	Title  string            `json:"title"`
	Status int               `json:"status"`
	Detail string            `json:"detail"`
	Code   string            `json:"code"`
	Errors []wire.FieldError `json:"errors,omitempty"` // all that is wrong with the body, each at its place

	retryAfter time.Duration
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// retrySoon is after how long a request may be sent again when we are in trouble.
const retrySoon = 2 * time.Second

func problem(status int, code, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code}
}

// unavailable is a problem of ours that passes: senders keep what they have.
func unavailable(code, detail string, retryAfter time.Duration) *Problem {
	p := problem(http.StatusServiceUnavailable, code, detail)
	p.retryAfter = retryAfter
	return p
}

func internal() *Problem {
	return problem(http.StatusInternalServerError, "internal", "this is a mistake of ours; the log of the server says more")
}

func invalidBody(detail string) *Problem {
	return problem(http.StatusBadRequest, wire.CodeInvalidJSON, detail)
}

// invalidParameter says what is wrong with a parameter of the query or path.
func invalidParameter(name, expected string) *Problem {
	return problem(http.StatusBadRequest, codeInvalidParameter, name+" must be "+expected)
}

// The errors of requests that no handler adds anything to.
var (
	errNoRoute       = errors.New("no route")
	errNoMethod      = errors.New("no method")
	errKeyMissing    = errors.New("key missing")
	errSecretInQuery = errors.New("secret key in the query")
	errScope         = errors.New("scope insufficient")
	errBodyTooLarge  = errors.New("body too large")
	errEncoding      = errors.New("unsupported encoding")
	errBodySlow      = errors.New("body too slow")
	errOverloaded    = errors.New("too much at once")
	errBehind        = errors.New("what is read is not yet written up to after_seq")
)

// problemOf returns what is answered to an error. Here, and nowhere else, errors
// become statuses.
func problemOf(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*wire.EnvelopeError](err); ok {
		return problem(statusOf(e.Code), e.Code, e.Reason)
	}
	switch {
	case errors.Is(err, errNoRoute):
		return problem(http.StatusNotFound, "route_unknown", "there is nothing at this path")
	case errors.Is(err, errNoMethod):
		return problem(http.StatusMethodNotAllowed, "method_not_allowed", "this path takes other methods, which Allow names")
	case errors.Is(err, errKeyMissing):
		return problem(http.StatusUnauthorized, "key_missing",
			"send a key as the user of Basic authorization, as a Bearer token or in X-Write-Key; a write key may also stand in ?writeKey= or, for Segment's calls, in the body")
	case errors.Is(err, ErrUnknownKey):
		return problem(http.StatusUnauthorized, "key_unknown", "the key is none of this shop's, or it was revoked")
	case errors.Is(err, errSecretInQuery):
		return problem(http.StatusForbidden, "secret_key_in_query",
			"a secret key must not stand in an address, which logs keep: send it in a header, and replace this one")
	case errors.Is(err, errScope):
		return problem(http.StatusForbidden, "scope_insufficient", "this needs a secret key; a write key, being public, may not do it")
	case errors.Is(err, errBodyTooLarge):
		return problem(http.StatusRequestEntityTooLarge, wire.CodeTooLarge, "the body has more than 4 MB; send smaller batches")
	case errors.Is(err, errBodySlow):
		return problem(http.StatusRequestTimeout, "body_too_slow", "the body did not arrive in time; send it again")
	case errors.Is(err, errEncoding):
		return problem(http.StatusUnsupportedMediaType, "encoding_unsupported", "Content-Encoding must be gzip or absent")
	}
	return troubleOf(err)
}

// troubleOf returns what is answered to an error of what lies below.
func troubleOf(err error) *Problem {
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		return problem(http.StatusNotFound, "not_found", "there is nothing of this id")
	case errors.Is(err, sessions.ErrClosed):
		return unavailable("draining", "this process is about to end; send the request again", retrySoon)
	case errors.Is(err, errOverloaded):
		return unavailable("overloaded", "too many requests are under way; send this one again", retrySoon)
	case errors.Is(err, errBehind):
		return unavailable("behind", "what after_seq asks for is not written yet; ask again", time.Second)
	case errors.Is(err, recommend.ErrBuilding):
		return unavailable("behind", "after its start the program is still reading what there is to recommend from; ask again", time.Second)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), away(err):
		return unavailable("database_unavailable", "the database cannot answer now; nothing is known to be stored, send the request again", retrySoon)
	}
	return internal()
}

// away reports whether the database cannot be reached. That it was closed, while the
// process ends, is a plain text of database/sql.
func away(err error) bool {
	return database.IsUnavailable(err) || strings.Contains(err.Error(), "sql: database is closed")
}

// statusOf returns the status of a refused item or body by its code.
func statusOf(code string) int {
	if code == wire.CodeTooLarge {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// fail answers an error and, if it is ours, logs it.
func (s *Server) fail(c *gin.Context, err error) {
	p := problemOf(err)
	ours := p.Status >= http.StatusInternalServerError
	if ours && !errors.Is(err, errBehind) && !errors.Is(err, context.Canceled) {
		s.Logger.Error("request failed", "method", c.Request.Method, "route", c.FullPath(), "status", p.Status, "error", err)
	}
	s.answerProblem(c, p)
}

func (s *Server) answerProblem(c *gin.Context, p *Problem) {
	h := c.Writer.Header()
	switch {
	case p.Status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="Cartwright"`)
	case p.retryAfter > 0:
		h.Set("Retry-After", strconv.Itoa(int(p.retryAfter.Seconds())))
	}
	body, err := json.Marshal(p)
	if err != nil {
		s.Logger.Error("encode problem", "error", err)
	}
	c.Data(p.Status, "application/problem+json", body)
}
