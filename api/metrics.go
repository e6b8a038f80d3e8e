package api

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
)

// observe tells of each answer and how long it took, from the head of the request to
// the last byte written.
func (s *Server) observe(c *gin.Context) {
	began := time.Now()
	c.Next()
	s.Observe(c.Request.Method, c.FullPath(), c.Writer.Status(), time.Since(began))
}

// metrics answers /metrics. Counts of a shop's business are not for everybody: who
// asks from the network of this machine itself needs no key, as is usual between
// Prometheus and what it watches; who asks from elsewhere, or through a proxy, needs
// the secret one.
func (s *Server) metrics(c *call) error {
	if !direct(c.Request) {
		if err := s.admit(c, presented(c.Request), Secret); err != nil {
			return err
		}
	}
	s.Metrics.ServeHTTP(c.Writer, c.Request)
	return nil
}

// direct reports whether a request came from a private address and not through a
// proxy, which would stand for anybody.
func direct(r *http.Request) bool {
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	address := from.Addr().Unmap()
	return address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast()
}
