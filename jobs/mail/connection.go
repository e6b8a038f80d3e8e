package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// connection is an SMTP session that is ready to take a mail.
type connection struct {
	raw      *wire
	smtp     *smtp.Client
	timeouts timeouts
	sent     int       // mails
	idle     time.Time // since when nothing was sent on it
}

func (c *connection) close() { _ = c.raw.Close() }

// wire is a network connection that knows whether all that was written went out.
type wire struct {
	net.Conn
	torn bool // a write ended before its last byte
}

func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.torn = w.torn || err != nil && n < len(p)
	return n, err
}

// dial connects to the server, until ctx ends, and proves who we are. The error is a
// failure with its stage.
func dial(ctx context.Context, o Options) (*connection, error) {
	t := o.timeoutsOf()
	dialer := net.Dialer{Timeout: t.connect}
	conn, err := dialer.DialContext(ctx, "tcp", o.Server)
	if err != nil {
		return nil, &failure{connecting, err}
	}
	c := &connection{raw: &wire{Conn: conn}, timeouts: t}
	// What the library reads and writes knows no context: the end of ctx closes the
	// connection under it.
	stop := context.AfterFunc(ctx, c.close)
	err = c.begin(o)
	if !stop() && err == nil {
		err = &failure{greeting, ctx.Err()}
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// begin makes a session of a connection.
func (c *connection) begin(o Options) error {
	if err := c.secure(o); err != nil {
		return err
	}
	name := o.Name
	if name == "" {
		name = "localhost"
	}
	c.smtp.CommandTimeout, c.smtp.SubmissionTimeout = c.timeouts.command, c.timeouts.answer
	if err := c.smtp.Hello(name); err != nil {
		var certificate *tls.CertificateVerificationError
		if errors.As(err, &certificate) { // STARTTLS shakes hands with the next command
			return &failure{securing, err}
		}
		return &failure{greeting, err}
	}
	if o.User == "" {
		return nil
	}
	return c.prove(o)
}

// secure begins TLS as it was asked for, or fails.
func (c *connection) secure(o Options) error {
	switch o.Security {
	case Plain:
		c.smtp = smtp.NewClient(c.raw)
	case Implicit:
		secure := tls.Client(c.raw, o.tls())
		if err := secure.Handshake(); err != nil {
			return &failure{securing, err}
		}
		c.smtp = smtp.NewClient(secure)
	default:
		client, err := smtp.NewClientStartTLS(c.raw, o.tls())
		if err != nil {
			return &failure{securing, err}
		}
		c.smtp = client
	}
	return nil
}

// prove tells the server user and password, in the way that it offers.
func (c *connection) prove(o Options) error {
	var mechanism sasl.Client
	switch {
	case c.smtp.SupportsAuth(sasl.Plain):
		mechanism = sasl.NewPlainClient("", o.User, o.Password)
	case c.smtp.SupportsAuth(sasl.Login):
		mechanism = sasl.NewLoginClient(o.User, o.Password)
	default:
		return &failure{proving, errors.New("the server offers neither AUTH PLAIN nor AUTH LOGIN")}
	}
	if err := c.smtp.Auth(mechanism); err != nil {
		return &failure{proving, err}
	}
	return nil
}

// send hands a message over. The end of the data is sent only after all before it
// went well, and from there on the outcome is the server's answer or unknown: until
// sending ends everything is broken off without one; after it the answer is waited
// for, until ctx ends.
func (c *connection) send(ctx context.Context, m Message) Outcome {
	sending, cancel := context.WithTimeout(ctx, c.timeouts.send)
	defer cancel()
	stop := context.AfterFunc(sending, c.close)
	defer stop()
	data, failed := c.offer(m)
	if failed != nil {
		return outcomeOf(failed.stage, failed.err, m.To)
	}
	if !stop() { // too late: the connection is being closed, and the end must not slip through
		return outcomeOf(body, context.Cause(sending), m.To)
	}
	breakOff := context.AfterFunc(ctx, c.close)
	defer breakOff()
	_, err := data.CloseWithResponse()
	if err != nil && c.raw.torn { // the end did not go out whole, so the server cannot have seen it
		return outcomeOf(body, err, m.To)
	}
	if err != nil {
		return outcomeOf(end, err, m.To)
	}
	c.sent++
	return Outcome{Result: Delivered, Code: 250}
}

// offer sends everything of a message but its end.
func (c *connection) offer(m Message) (*smtp.DataCommand, *failure) {
	if err := c.smtp.Mail(m.From, nil); err != nil {
		return nil, &failure{from, err}
	}
	if err := c.smtp.Rcpt(m.To, nil); err != nil {
		return nil, &failure{recipient, err}
	}
	data, err := c.smtp.Data()
	if err != nil {
		return nil, &failure{begin, err}
	}
	if _, err := data.Write(m.Data); err != nil {
		return nil, &failure{body, err}
	}
	return data, nil
}
