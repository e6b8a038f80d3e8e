package api

import (
	"math"
	"net/http"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Limits say how many requests are taken in a second. What is not limited is 0.
type Limits struct {
	// Address holds for one client address: an IPv4 address, or the /64 that an IPv6
	// address is in, of which everybody has all. A burst may have ten times as many.
	// Valid secret keys are not counted, and neither are loopback and private
	// addresses that connect directly: behind a proxy that was not named they stand
	// for everybody.
	Address float64

	// Key holds for one key, whoever shows it. Write keys are public, so whoever
	// wants to can use up what they may.
	Key float64
}

const (
	// burst is for how many seconds a sender may save up what it did not use.
	burst = 10
	// An address may show this many wrong keys at once, and that many a second.
	wrongKeys, wrongKeysPerSecond = 20, 0.2
	// remembered bounds how many addresses or keys are known at a time, at about
	// 250 bytes each. Who was not heard of for longest is forgotten, and starts anew.
	remembered = 1 << 16
)

// pace counts what many senders do, each against the same allowance. It is safe
// for concurrent use and costs some hundred nanoseconds a request.
type pace[K comparable] struct {
	rate    rate.Limit
	burst   int
	senders *lru.Cache[K, *rate.Limiter]
}

// newPace returns a pace of so many a second, nil if there is none to keep.
func newPace[K comparable](perSecond float64, burst int) *pace[K] {
	if perSecond <= 0 {
		return nil
	}
	senders, err := lru.New[K, *rate.Limiter](remembered)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &pace[K]{rate: rate.Limit(perSecond), burst: max(burst, 1), senders: senders}
}

// spend takes one from a sender's allowance, or fails with when there will be one again.
func (p *pace[K]) spend(sender K, now time.Time, reason string) error {
	if p == nil {
		return nil
	}
	allowance, known := p.senders.Get(sender)
	if !known {
		// Two first requests at once may both begin; the one that is forgotten was good for one.
		allowance = rate.NewLimiter(p.rate, p.burst)
		p.senders.Add(sender, allowance)
	}
	if allowance.AllowN(now, 1) {
		return nil
	}
	return tooMany(reason, p.until(allowance, now))
}

// spent fails if a sender's allowance is used up, and takes nothing from it.
func (p *pace[K]) spent(sender K, now time.Time, reason string) error {
	if p == nil {
		return nil
	}
	allowance, known := p.senders.Peek(sender)
	if !known || allowance.TokensAt(now) >= 1 {
		return nil
	}
	return tooMany(reason, p.until(allowance, now))
}

// until is how long it takes until an allowance has one again.
func (p *pace[K]) until(allowance *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - allowance.TokensAt(now)
	return time.Duration(missing / float64(p.rate) * float64(time.Second))
}

// tooMany is the problem of who asks too often.
func tooMany(reason string, wait time.Duration) *Problem {
	p := problem(http.StatusTooManyRequests, "rate_limited", reason)
	p.retryAfter = time.Duration(math.Ceil(max(wait.Seconds(), 1))) * time.Second
	return p
}

// sender returns the address that a call counts for, the zero one if for none.
func (c *call) sender() netip.Addr {
	connected, err := netip.ParseAddrPort(c.Request.RemoteAddr)
	if err != nil {
		return netip.Addr{} // no socket of the internet
	}
	remote := connected.Addr().Unmap().WithZone("")
	client := remote
	if c.Request.Header["X-Forwarded-For"] != nil { // which may be anybody's, or a trusted proxy's
		if client, err = netip.ParseAddr(c.ClientIP()); err != nil {
			return netip.Addr{}
		}
		client = client.Unmap()
	}
	if client == remote && (remote.IsLoopback() || remote.IsPrivate()) {
		return netip.Addr{}
	}
	return household(client)
}

// household returns what stands for all addresses that one customer of a network has.
func household(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	network, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a
	}
	return network.Addr()
}

// paced says whether a call may go on, by its address.
func (s *Server) paced(c *call) error {
	if !c.from.IsValid() {
		return nil
	}
	return s.addresses.spend(c.from, c.now, "too many requests come from this address; send this one again later")
}
