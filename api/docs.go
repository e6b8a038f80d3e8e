package api

import "net/http"

// openapi answers /openapi.json.
func (s *Server) openapi(c *call) error {
	c.Data(http.StatusOK, "application/json", s.document.JSON)
	return nil
}

// docs answers /docs. The page holds all it needs and may load nothing.
func (s *Server) docs(c *call) error {
	c.Header("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	c.Data(http.StatusOK, "text/html; charset=utf-8", s.document.Page)
	return nil
}
