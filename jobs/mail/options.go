package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Security says how the connection to the SMTP server is kept from others.
type Security string

// The ways. There is none that begins TLS only if the server offers it: whoever
// stands in between would take the offer away.
const (
	StartTLS Security = "starttls" // by STARTTLS, which the server must offer; port 587 as a rule
	Implicit Security = "tls"      // from the first byte; port 465 as a rule
	Plain    Security = "none"     // not at all
)

// How long is waited.
const (
	ConnectTimeout = 10 * time.Second // for the server to take the connection
	CommandTimeout = 30 * time.Second // for its answer to a command
	SendTimeout    = time.Minute      // for everything until the end of the data
	AnswerTimeout  = 2 * time.Minute  // for the answer to that: giving up means never to know
	IdleTimeout    = 20 * time.Second // a connection is kept open without a mail

	// LongestSend is how long [Sender.Send] takes at most: to connect, to send, and for the answer.
	LongestSend = 2*SendTimeout + AnswerTimeout
)

// Options say which SMTP server sends, and how it is spoken to.
type Options struct {
	Server     string // host:port
	Security   Security
	User       string // empty: the server asks for none
	Password   string
	AllowPlain bool   // Plain also to servers that are not this machine
	Name       string // what the server is told we are; empty means localhost

	// Roots are the authorities whose certificates are believed; nil means the system's.
	Roots *x509.CertPool

	timeouts timeouts // of tests; zero means the constants
}

type timeouts struct{ connect, command, send, answer time.Duration }

// Check says what is wrong with options.
func (o Options) Check() error {
	host, port, err := net.SplitHostPort(o.Server)
	if err != nil || host == "" {
		return fmt.Errorf("%q is no host with a port: write smtp.example.com:587", o.Server)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q is no port", port)
	}
	if err := checkHeader("user", o.User); err != nil {
		return err
	}
	switch o.Security {
	case StartTLS, Implicit:
	case Plain:
		if !thisMachine(host) && !o.AllowPlain {
			return errors.New("mails and what they say can be read on the way without TLS; allow that expressly, or use starttls or tls")
		}
		if !thisMachine(host) && o.Password != "" {
			return errors.New("a password is not sent without TLS, except to this machine")
		}
	default:
		return fmt.Errorf("%q is none of starttls, tls and none", o.Security)
	}
	if o.User == "" && o.Password != "" || o.User != "" && o.Password == "" {
		return errors.New("a user and a password go together")
	}
	return nil
}

// thisMachine reports whether a host is this machine whatever the network says.
func thisMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// timeoutsOf fills in what tests left open.
func (o Options) timeoutsOf() timeouts {
	t := o.timeouts
	return timeouts{cmp.Or(t.connect, ConnectTimeout), cmp.Or(t.command, CommandTimeout),
		cmp.Or(t.send, SendTimeout), cmp.Or(t.answer, AnswerTimeout)}
}

func (o Options) tls() *tls.Config {
	host, _, _ := net.SplitHostPort(o.Server)
	return &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: o.Roots}
}

// Reached is what a look at the SMTP server found.
type Reached struct {
	Address string        // that answered
	Took    time.Duration // to connect, with TLS, and to be let in
	Expires time.Time     // when its certificate does; zero without TLS
}

// Probe connects to the SMTP server as an attempt would, proves who we are, and hangs
// up: no mail is sent. The error says at which step it failed.
func (o Options) Probe(ctx context.Context) (Reached, error) {
	if err := o.Check(); err != nil {
		return Reached{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeoutsOf().send)
	defer cancel()
	began := time.Now()
	c, err := dial(ctx, o)
	if err != nil {
		return Reached{}, err
	}
	defer c.close()
	if err := c.smtp.Noop(); err != nil {
		return Reached{}, &failure{greeting, err}
	}
	r := Reached{Address: c.raw.RemoteAddr().String(), Took: time.Since(began)}
	if state, secure := c.smtp.TLSConnectionState(); secure && len(state.PeerCertificates) > 0 {
		r.Expires = state.PeerCertificates[0].NotAfter
	}
	_ = c.smtp.Quit() // it is said only for politeness
	return r, nil
}
