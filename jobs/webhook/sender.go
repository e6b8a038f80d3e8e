package webhook

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"code.dny.dev/ssrf"
)

// Timeout is how long an attempt may take as a whole: resolving, connecting,
// sending, and reading the answer.
const Timeout = 15 * time.Second

// KeptAnswer is how many bytes of an answer's body an [Outcome] keeps, for people
// who look for what went wrong.
const KeptAnswer = 1 << 10

// drained is how many bytes of an answer's body are read, so that its
// connection can be used again; what they say decides nothing.
const drained = 64 << 10

// Options say where a [Sender] may send to. The zero value is the safe one.
type Options struct {
	AllowPrivate bool // also to loopback, private and other special addresses
	AllowPlain   bool // also to http:// URLs
	// Transport carries the requests instead of the guarded one, which checks
	// the addresses. For tests, and for networks inside the process.
	Transport http.RoundTripper

	roots *x509.CertPool // that Probe trusts; nil means the system's
}

// Message is one thing to tell an endpoint.
type Message struct {
	URL     string
	ID      string   // the same in every attempt
	Secrets []Secret // at least one; each signs
	Body    []byte   // JSON
}

// Sender makes attempts. It may be used by several goroutines at once and keeps
// connections open between attempts until [Sender.Close].
type Sender struct {
	client  *http.Client
	options Options
}

// NewSender returns a sender for the options.
func NewSender(o Options) *Sender {
	transport := o.Transport
	if transport == nil {
		transport = over(guarded(o.AllowPrivate))
	}
	return &Sender{options: o, client: &http.Client{
		Transport: transport,
		// A redirect is an answer like any other that is no success: following it
		// would send signed data where nobody configured it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send makes one attempt at now, which the signature covers. It never returns
// an error: whatever goes wrong is an [Outcome], and takes at most [Timeout].
// When ctx ends first, the outcome is a retry like any other lost connection.
func (s *Sender) Send(ctx context.Context, m Message, now time.Time) Outcome {
	if err := s.check(m); err != nil {
		return Outcome{Result: Failed, Reason: reason(err)}
	}
	began := time.Now()
	outcome := s.post(ctx, m, now)
	outcome.Took = time.Since(began)
	return outcome
}

// post makes an attempt to send a message that may be sent.
func (s *Sender) post(ctx context.Context, m Message, now time.Time) Outcome {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return Outcome{Result: Failed, Reason: reason(err)}
	}
	request.Header = headers(m, now)
	answer, err := s.client.Do(request)
	if err != nil {
		return Outcome{Result: Retry, Reason: reason(explain(err))}
	}
	defer answer.Body.Close()
	// The status has decided already: a body that breaks off changes nothing.
	kept, err := io.ReadAll(io.LimitReader(answer.Body, KeptAnswer))
	if err == nil {
		io.Copy(io.Discard, io.LimitReader(answer.Body, drained-KeptAnswer))
	}
	outcome := answered(answer.StatusCode, answer.Header, now)
	outcome.Answer = string(kept)
	return outcome
}

// Close lets go of connections that are kept open.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

func (s *Sender) check(m Message) error {
	if m.ID == "" {
		return errors.New("the message has no id")
	}
	if len(m.Secrets) == 0 {
		return errors.New("the endpoint has no secret to sign with")
	}
	return s.options.Check(m.URL)
}

func headers(m Message, now time.Time) http.Header {
	h := make(http.Header, 5)
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "Cartwright-Webhook/1")
	h.Set("Webhook-Id", m.ID)
	h.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	h.Set("Webhook-Signature", signatures(m.Secrets, m.ID, now, m.Body))
	return h
}

// explain says in words what the client's own error says in jargon.
func explain(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", Timeout)
	case errors.Is(err, ssrf.ErrProhibitedIP):
		return fmt.Errorf("private and special addresses are not allowed: %w", err)
	}
	return err
}
