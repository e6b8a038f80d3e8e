package api

// Route is a route as tests see it.
type Route struct {
	Method, Path string
	Scope        Scope // empty: anyone
	Browser      bool
	KeyInBody    bool
	KeyInPath    bool
}

// Table lists all routes.
func (s *Server) Table() []Route {
	var all []Route
	for _, r := range s.routes() {
		all = append(all, Route{r.method, r.path, r.scope, r.browser, r.keyInBody, r.keyInPath})
	}
	return all
}

// Landing is where a storefront sends who asks for a destination.
func (f Storefront) Landing(to string) (string, bool) {
	landing, inside := f.landing(to)
	if !inside {
		return "", false
	}
	return landing.String(), true
}
