package api

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// settingsRoutes are what browser clients ask for before they send anything.
func (s *Server) settingsRoutes() []route {
	const get = http.MethodGet
	return []route{
		{method: get, path: "/v1/projects/:key/settings", scope: Write, browser: true, keyInPath: true, handle: s.segmentSettings},
		{method: get, path: "/sourceConfig", scope: Write, browser: true, handle: s.sourceConfig},
		{method: get, path: "/sourceConfig/", scope: Write, browser: true, handle: s.sourceConfig},
	}
}

// origin returns the scheme and host at which the caller reached this server. A proxy
// that ends TLS says so in X-Forwarded-Proto, of several the first; whoever makes that
// up deceives only himself, because the answer is his alone and no cache keeps it.
func origin(r *http.Request) (scheme, host string) {
	scheme = "http"
	first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	if r.TLS != nil || strings.EqualFold(strings.TrimSpace(first), "https") {
		scheme = "https"
	}
	return scheme, r.Host
}

// segmentSettings answers what @segment/analytics-next fetches from its CDN: one
// integration, which is this server, and no measuring of the client itself.
func (s *Server) segmentSettings(c *call) error {
	scheme, host := origin(c.Request)
	c.JSON(http.StatusOK, gin.H{
		"integrations": gin.H{"Segment.io": gin.H{
			"apiKey": keyOf(c.Param("key")), "apiHost": host + "/v1", "protocol": scheme, "retryQueue": true, "addBundledMetadata": false,
		}},
		"plan":               gin.H{"track": gin.H{"__default": gin.H{"enabled": true, "integrations": gin.H{}}}},
		"middlewareSettings": gin.H{"routingRules": []string{}},
		"enabledMiddleware":  gin.H{},
		"remotePlugins":      []string{},
		"metrics":            gin.H{"sampleRate": 0, "host": host + "/v1"},
	})
	return nil
}

// sourceConfig answers what @rudderstack/analytics-js fetches from its control plane: a
// source without destinations, and no measuring of the client itself.
func (s *Server) sourceConfig(c *call) error {
	off := gin.H{"enabled": false}
	c.JSON(http.StatusOK, gin.H{"source": gin.H{
		"id": c.key.ID, "name": "Cartwright", "workspaceId": "cartwright", "enabled": true,
		"config":       gin.H{"statsCollection": gin.H{"errors": off, "metrics": off}},
		"destinations": []string{},
	}})
	return nil
}
