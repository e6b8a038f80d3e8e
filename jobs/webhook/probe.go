package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"code.dny.dev/ssrf"
)

// Reached is what a look at an endpoint found.
type Reached struct {
	Address string        // that answered
	Took    time.Duration // to connect, with TLS if the URL asks for it
	Expires time.Time     // when the certificate does; zero without TLS
}

// Probe connects to an endpoint as an attempt would, under the same rules, and hangs up: no request is
// sent. The error says in words what is in the way.
func (o Options) Probe(ctx context.Context, address string) (Reached, error) {
	if err := o.Check(address); err != nil {
		return Reached{}, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return Reached{}, fmt.Errorf("read the endpoint's URL: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = u.Scheme
	}
	began := time.Now()
	conn, err := guarded(o.AllowPrivate).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return Reached{}, probed(err)
	}
	defer conn.Close()
	r := Reached{Address: conn.RemoteAddr().String()}
	if u.Scheme == "https" {
		secure := tls.Client(conn, &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12, RootCAs: o.roots})
		if err := secure.HandshakeContext(ctx); err != nil {
			return Reached{}, fmt.Errorf("%s: TLS: %w", r.Address, err)
		}
		r.Expires = secure.ConnectionState().PeerCertificates[0].NotAfter
	}
	r.Took = time.Since(began)
	return r, nil
}

// probed says in words why nothing was reached.
func probed(err error) error {
	if errors.Is(err, ssrf.ErrProhibitedIP) {
		return fmt.Errorf("private and special addresses are not allowed: %w", err)
	}
	return err
}
