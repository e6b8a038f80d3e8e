package api

import (
	"context"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"cartwright/sessions"
)

// anyone is the scope of routes that need no key.
const anyone Scope = ""

// route is one method and path.
type route struct {
	method, path string
	scope        Scope
	browser      bool     // answers CORS: a page of another origin may call it
	shop         bool     // answers CORS to the shop's own origins alone, see [Storefront]
	keyInBody    bool     // the key may also stand in the body, where the handler looks for it
	keyInPath    bool     // the key is a part of the path, :key
	reads        bool     // nothing is appended, though it is no GET
	asks         []string // the parameters of its query, if it refuses others
	handle       func(*call) error
}

// call is one request on its way through a route.
type call struct {
	*gin.Context
	key  Key // none for routes that need none, or as long as it may stand in the body
	now  time.Time
	from netip.Addr // whom its address counts for, see [Limits]

	history bool // what it brings happened long ago
}

func (c *call) received() sessions.Millis { return sessions.MillisOf(c.now) }

// routes is the table of all there is.
func (s *Server) routes() []route {
	const get, put, post = http.MethodGet, http.MethodPut, http.MethodPost
	paged := []string{"limit", "after", "after_seq"}
	table := []route{
		{method: get, path: "/healthz", scope: anyone, handle: s.alive},
		{method: get, path: "/readyz", scope: anyone, handle: s.ready},
		{method: get, path: "/openapi.json", scope: anyone, handle: s.openapi},
		{method: get, path: "/docs", scope: anyone, handle: s.docs},

		{method: post, path: "/v1/events", scope: Write, browser: true, handle: s.batch("events")},

		{method: put, path: "/v1/carts/:id", scope: Secret, handle: s.putCart},
		{method: post, path: "/v1/orders", scope: Secret, handle: s.postOrder},
		{method: put, path: "/v1/products", scope: Secret, handle: s.putProducts},

		{method: post, path: "/v1/inbound/shopify", scope: anyone, handle: s.inbound(s.shopify())},
		{method: post, path: "/v1/inbound/woocommerce", scope: anyone, handle: s.inbound(s.wooCommerce())},

		{method: get, path: "/v1/recommendations", scope: Write, browser: true, handle: s.recommend},
		{method: post, path: "/v1/recommendations", scope: Write, browser: true, reads: true, handle: s.recommendTold},
		{method: post, path: "/v1/recommendations/batch", scope: Secret, reads: true, handle: s.recommendBatch},

		{method: get, path: "/v1/visitors", scope: Secret, asks: append([]string{"user_id", "anonymous_id", "email"}, paged...), handle: s.visitors},
		{method: get, path: "/v1/visitors/:id", scope: Secret, handle: s.visitor},
		{method: get, path: "/v1/visitors/:id/sessions", scope: Secret, asks: paged, handle: s.visitorSessions},
		{method: get, path: "/v1/sessions", scope: Secret, asks: append([]string{"bots"}, paged...), handle: s.sessions},
		{method: get, path: "/v1/sessions/:id", scope: Secret, handle: s.session},
		{method: get, path: "/v1/sessions/:id/events", scope: Secret, asks: paged, handle: s.sessionEvents},
		{method: get, path: "/v1/sessions/:id/decisions", scope: Secret, handle: s.sessionDecisions},
		{method: get, path: "/v1/carts", scope: Secret, asks: paged, handle: s.carts},
		{method: get, path: "/v1/carts/:id", scope: Secret, handle: s.cart},
		{method: get, path: "/v1/carts/:id/decisions", scope: Secret, handle: s.cartDecisions},
		{method: get, path: "/v1/orders", scope: Secret, asks: paged, handle: s.orders},
		{method: get, path: "/v1/orders/:id", scope: Secret, handle: s.order},
		{method: get, path: "/v1/products", scope: Secret, asks: paged, handle: s.products},
		{method: get, path: "/v1/products/:id", scope: Secret, handle: s.product},
		{method: get, path: "/v1/flows", scope: Secret, handle: s.flows},
		{method: put, path: "/v1/flows", scope: Secret, handle: s.putFlows},
		{method: get, path: "/v1/triggers", scope: Secret, asks: paged, handle: s.triggers},
		{method: get, path: "/v1/reports/recovery", scope: Secret, asks: []string{"from", "to", "after_seq"}, handle: s.recoveryReport},

		{method: put, path: "/v1/consents", scope: Secret, handle: s.putConsents},
		{method: get, path: "/v1/consents", scope: Secret, asks: []string{"email", "after_seq"}, handle: s.consent},
		{method: post, path: "/v1/suppressions", scope: Secret, handle: s.postSuppressions},
		{method: get, path: "/v1/suppressions", scope: Secret, asks: append([]string{"email"}, paged...), handle: s.suppressions},
		{method: http.MethodDelete, path: "/v1/suppressions", scope: Secret, handle: s.deleteSuppressions},
		{method: get, path: "/u/:token", scope: anyone, handle: s.askUnsubscribe},
		{method: post, path: "/u/:token", scope: anyone, handle: s.unsubscribe},

		{method: get, path: "/v1/jobs", scope: Secret, handle: s.jobs},
		{method: get, path: "/v1/jobs/:name/runs", scope: Secret, asks: paged, handle: s.jobRuns},
		{method: post, path: "/v1/jobs/:name/run", scope: Secret, handle: s.runJob},
		{method: post, path: "/v1/jobs/:name/pause", scope: Secret, handle: s.pauseJob},
		{method: post, path: "/v1/jobs/:name/resume", scope: Secret, handle: s.resumeJob},
	}
	table = append(table, s.webhookRoutes()...)
	if s.Metrics != nil {
		table = append(table, route{method: get, path: "/metrics", scope: anyone, handle: s.metrics})
	}
	return slices.Concat(table, s.trackingRoutes(), s.linkRoutes(), s.couponRoutes())
}

// heads are the routes by which HEAD is answered as GET is wherever no route says otherwise: net/http
// leaves the body away. They are not in the table, because they follow from it.
func heads(table []route) (all []route) {
	for _, r := range table {
		own := slices.ContainsFunc(table, func(other route) bool { return other.method == http.MethodHead && other.path == r.path })
		if r.method == http.MethodGet && !own {
			r.method, r.reads = http.MethodHead, true
			all = append(all, r)
		}
	}
	return all
}

// register puts a route into the engine.
func (s *Server) register(r route) {
	answer := func(c *gin.Context) {
		if err := s.serve(c, r); err != nil {
			s.fail(c, err)
		}
	}
	switch {
	case r.browser:
		s.engine.Handle(r.method, r.path, allowOrigin, answer)
	case r.shop:
		s.engine.Handle(r.method, r.path, s.allowShop, answer)
	default:
		s.engine.Handle(r.method, r.path, answer)
	}
}

// registerPreflights puts into the engine what browsers ask before they call a route.
func (s *Server) registerPreflights(routes []route) {
	methods := map[string][]string{} // by path
	for _, r := range routes {
		if r.browser {
			methods[r.path] = append(methods[r.path], r.method)
		}
		if r.shop {
			s.engine.Handle(http.MethodOptions, r.path, s.allowShop, s.shopPreflight(r.method))
		}
	}
	for path, allowed := range methods {
		s.engine.Handle(http.MethodOptions, path, allowOrigin, preflight(strings.Join(allowed, ", ")))
	}
}

// readTimeout bounds what is read for the shop's backend: a database that is cut off without a word says
// nothing, and whoever asked is to know that it is away.
const readTimeout = 10 * time.Second

// serve lets a request through a route if its key may, and if neither its address
// nor its key asks too often. A valid secret key is the shop's backend, from wherever
// it asks. So far nothing of the body was read.
func (s *Server) serve(c *gin.Context, r route) error {
	call := &call{Context: c, now: s.Now()}
	call.from = call.sender()
	refusal := s.admitShown(call, r)
	if call.key.Scope != Secret {
		if err := s.paced(call); err != nil {
			return err
		}
	}
	if refusal == nil && r.asks != nil {
		refusal = onlyAsks(c.Request.URL.RawQuery, r.asks)
	}
	if refusal != nil {
		return refusal
	}
	if (r.method == http.MethodGet || r.reads) && call.key.Scope == Secret {
		ctx, cancel := context.WithTimeout(c.Request.Context(), readTimeout)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
	}
	return r.handle(call)
}

// Routes returns the method and path of every route, as “GET /v1/carts/{id}”.
func (s *Server) Routes() []string {
	var names []string
	for _, r := range s.routes() {
		names = append(names, r.method+" "+parameter.ReplaceAllString(r.path, "{$1}"))
	}
	return names
}

// parameter matches a part of a route's path that stands for anything.
var parameter = regexp.MustCompile(`[:*](\w+)`)
