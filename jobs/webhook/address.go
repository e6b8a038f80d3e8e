package webhook

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"code.dny.dev/ssrf"
)

// Check reports whether an address may be configured as an endpoint: an
// absolute https URL (http when that is allowed) without user, password or
// fragment, with a port that there is, and no special address where its host is
// an address. What a name resolves to is looked at when it is dialled, each time.
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
	case !isPort(u.Port()):
		return fmt.Errorf("endpoint %s: a port is between 1 and 65535", u.Redacted())
	}
	return o.checkHost(u.Hostname())
}

// isPort reports whether somebody may listen at the port of a URL, which may leave it to the scheme.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

// checkHost refuses a host that is a special address as it stands, and what is
// neither an address nor a name but may be read as one.
func (o Options) checkHost(host string) error {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return o.checkName(host)
	}
	if o.AllowPrivate {
		return nil
	}
	if err := guardian().SafeAddr(ip); err != nil {
		return fmt.Errorf("endpoint %s: %w", host, err)
	}
	return nil
}

// checkName refuses names that stand for this machine, and other writings of
// addresses: some resolvers read 0x7f.1 or 2130706433 as 127.0.0.1, and letters of
// other scripts become digits and dots on the way to a resolver.
func (o Options) checkName(host string) error {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }):
		return fmt.Errorf("endpoint %q: write the host in ASCII (xn--…)", host)
	case isNumber(last):
		return fmt.Errorf("endpoint %q: the host is a number, neither a name nor an address as usually written", host)
	case last == "localhost" && !o.AllowPrivate:
		return fmt.Errorf("endpoint %q: %w: the name stands for this machine", host, ssrf.ErrProhibitedIP)
	}
	return nil
}

// isNumber reports whether a label is one in any base that resolvers read; no
// top-level domain is.
func isNumber(label string) bool {
	if label == "" {
		return true
	}
	digits, hexadecimal := strings.CutPrefix(label, "0x")
	return !strings.ContainsFunc(digits, func(r rune) bool {
		return (r < '0' || r > '9') && (!hexadecimal || r < 'a' || r > 'f')
	})
}

// guardian knows the special addresses of IANA's registries. IPv6 addresses
// outside the global unicast range are refused as well, and with them those
// that only wrap an IPv4 address (mapped, and the well-known NAT64 prefix).
// Ports are free: an operator's server listens where it likes.
func guardian() *ssrf.Guardian { return ssrf.New(ssrf.WithAnyPort()) }

// guarded returns a dialer that connects to public addresses only, unless private is
// set. The check stands between resolving and connecting, so that a name that
// resolves differently each time cannot get around it.
func guarded(private bool) *net.Dialer {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if !private {
		dialer.Control = guardian().Safe
	}
	return dialer
}

// over returns a transport that connects by a dialer. No proxy is used: it would do
// the resolving where nobody checks.
func over(d *net.Dialer) *http.Transport {
	return &http.Transport{
		DialContext:            d.DialContext,
		ForceAttemptHTTP2:      true, // which a dialer of our own turns off otherwise
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: drained,
	}
}

// Same reports whether two URLs lead to the same place although they may be written
// otherwise: scheme and host in other letters, the scheme's own port, an empty path.
func Same(a, b string) bool { return a == b || plain(a) == plain(b) }

// plain is a URL in its usual writing; one that cannot be read stays as it is.
func plain(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if host, found := strings.CutSuffix(u.Host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme]); found {
		u.Host = host
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}
