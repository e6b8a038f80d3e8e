package api

import "net/http"

// The calls of the Segment tracking API, one item a body.
var trackingCalls = [...]struct{ name, letter string }{
	{"track", "t"}, {"identify", "i"}, {"page", "p"}, {"screen", "s"}, {"group", "g"}, {"alias", "a"},
}

// trackingRoutes are the paths at which the clients of shops know a tracking API, each
// with the names it has there. What is sent is the same everywhere.
//
//   - /v1: Segment's and RudderStack's; /v1/b and the other letters are those of
//     Segment's browser client
//   - /beacon/v1: RudderStack's browser client, when it sends beacons
//   - /api/s and /api/s/s2s: Jitsu's, from browsers and from servers
func (s *Server) trackingRoutes() []route {
	const post = http.MethodPost
	var table []route
	add := func(path string, handle func(*call) error) {
		table = append(table, route{method: post, path: path, scope: Write, browser: true, keyInBody: true, handle: handle})
	}
	for _, call := range trackingCalls {
		for _, path := range []string{"/v1/" + call.name, "/v1/" + call.letter, "/api/s/" + call.name, "/api/s/s2s/" + call.name} {
			add(path, s.single(call.name))
		}
	}
	for _, path := range []string{"/v1/batch", "/v1/b", "/beacon/v1/batch", "/api/s/batch", "/api/s/s2s/batch"} {
		add(path, s.batch("batch"))
	}
	add("/v1/import", s.history)
	return append(table, s.settingsRoutes()...)
}
