package api

import (
	"log/slog"
	"time"

	"github.com/gin-gonic/gin"
)

// access logs each answer, for whoever looks for a mistake. It says which route was called, never
// with what: paths and queries name people. Metrics count the same all the time.
func (s *Server) access(c *gin.Context) {
	began := time.Now()
	c.Next()
	method, route := c.Request.Method, c.FullPath()
	if route == "" {
		method, route = "any", "unknown" // both are whatever the caller wrote
	}
	s.Logger.LogAttrs(c.Request.Context(), slog.LevelDebug, "request", slog.String("method", method), slog.String("route", route),
		slog.Int("status", c.Writer.Status()), slog.Float64("ms", float64(time.Since(began).Microseconds())/1000))
}
