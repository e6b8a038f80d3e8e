package webhook

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"code.dny.dev/ssrf"
)

// Check reports whether an address may be configured as an endpoint: an
// absolute https URL (http when that is allowed) without user, password or
// fragment, and no special address where its host is an address. What a name
// resolves to is looked at when it is dialled, each time.
func (o Options) Check(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("read the endpoint's URL: %w", err)
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("endpoint %s: the URL begins with https://", u.Redacted())
	case u.Scheme == "http" && !o.AllowPlain:
		return fmt.Errorf("endpoint %s: unencrypted http is not allowed", u.Redacted())
	case u.Hostname() == "":
		return fmt.Errorf("endpoint %s: the URL names no host", u.Redacted())
	case u.User != nil:
		return fmt.Errorf("endpoint %s: a URL with a user or password is not taken; messages are signed instead", u.Redacted())
	case u.Fragment != "":
		return fmt.Errorf("endpoint %s: a URL with a fragment is not taken", u.Redacted())
	}
	return o.checkHost(u.Hostname())
}

// checkHost refuses a host that is a special address as it stands.
func (o Options) checkHost(host string) error {
	ip, err := netip.ParseAddr(host)
	if err != nil || o.AllowPrivate {
		return nil
	}
	if err := guardian().SafeAddr(ip); err != nil {
		return fmt.Errorf("endpoint %s: %w", host, err)
	}
	return nil
}

// guardian knows the special addresses of IANA's registries. IPv6 addresses
// outside the global unicast range are refused as well, and with them those
// that only wrap an IPv4 address (mapped, and the well-known NAT64 prefix).
// Ports are free: an operator's server listens where it likes.
func guardian() *ssrf.Guardian { return ssrf.New(ssrf.WithAnyPort()) }

// guarded returns a transport that connects to public addresses only, unless
// private is set. The check stands between resolving and connecting, so that a
// name that resolves differently each time cannot get around it. No proxy is
// used: it would do the resolving where nobody checks.
func guarded(private bool) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if !private {
		dialer.Control = guardian().Safe
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true, // which a dialer of our own turns off otherwise
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: drained,
	}
}
