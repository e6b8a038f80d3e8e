package api

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// allowOrigin lets pages of any origin read the answer. The origin is echoed and
// credentials are allowed, because sendBeacon always asks for them; no route looks at a
// cookie, so nobody gains by it.
func allowOrigin(c *gin.Context) {
	origin := c.Request.Header.Get("Origin")
	if origin == "" {
		return
	}
	h := c.Writer.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "Retry-After, Cartwright-Seq")
	h.Add("Vary", "Origin")
}

// preflight answers what a browser asks before it calls a path by one of its methods.
// Any header may be sent; the answer may be kept for a day.
func preflight(methods string) gin.HandlerFunc {
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Access-Control-Allow-Methods", methods)
		if asked := c.Request.Header.Get("Access-Control-Request-Headers"); asked != "" {
			h.Set("Access-Control-Allow-Headers", asked)
		}
		h.Set("Access-Control-Max-Age", "86400")
		h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
		c.Status(http.StatusNoContent)
	}
}
