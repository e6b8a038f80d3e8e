package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/semaphore"

	"cartwright/api/openapi"
	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// Follower says when the sessions are written up to a seq.
type Follower interface {
	WaitFor(ctx context.Context, seq sessions.Seq) error
}

// Config is what a server answers from.
type Config struct {
	Log       *sessions.Log
	Follower  Follower
	Histories *sessions.Histories
	Carts     *cart.Store
	Rules     cart.Rules

	// Preferences are what people let be mailed to them. ShopName says who speaks on the
	// pages that mails lead to; it may be empty.
	Preferences *cart.Preferences
	ShopName    string

	Products  Products
	Recommend Recommender
	Keys      *Keys
	Decoder   *wire.Decoder
	Inbound   Inbound
	Jobs      Jobs
	Links     *cart.Links
	Reports   Reports
	Webhooks  Webhooks
	Coupons   *cart.Coupons

	// Storefront is where shoppers may be sent to. Person says whether a User-Agent is a
	// person's browser; nil means any that says what it is.
	Storefront Storefront
	Person     func(userAgent string) bool

	Ready func(context.Context) error // why requests cannot be served now; nil means never

	// Metrics answers /metrics; nil means there is no such route. Observe is told of
	// each answer; nil means nobody. The route is the pattern, empty where there is none.
	Metrics http.Handler
	Observe func(method, route string, status int, took time.Duration)

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means none

	// TrustedProxies are the addresses or networks whose X-Forwarded-For is
	// believed. By default none: anybody could write it.
	TrustedProxies []string

	Limits Limits // how many requests are taken in a second; the zero value means any

	// Concurrent is how many requests whose body has arrived are worked on at a time;
	// 0 means 1024. More are answered 503.
	Concurrent int

	// Bodies is how many bytes of large bodies are held in memory at a time, arriving,
	// inflated or worked on; 0 means 128 MB. More are answered 503. The first 16 KB of
	// each are free, being about what a connection takes anyway.
	Bodies int64
}

// Server answers the HTTP requests of one shop. It is safe for concurrent use.
type Server struct {
	Config
	engine   *gin.Engine
	document openapi.Document
	unready  atomic.Bool
	places   chan struct{}       // one for each request whose body is being worked on
	room     *semaphore.Weighted // a byte for each of large bodies

	addresses, guesses *pace[netip.Addr] // requests, and wrong keys, by client address
	keyPace            *pace[string]     // requests by key

	unsubscribes unsubscribePages

	ofJSON    []string  // the Content-Type of answers; nobody changes it
	texts     sync.Pool // of *text
	inflaters sync.Pool // of *gzip.Reader, which are 40 KB each
}

// New returns the server of a configuration. The error names a trusted proxy that
// is no address.
func New(c Config) (*Server, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observe == nil {
		c.Observe = func(string, string, int, time.Duration) {}
	}
	if c.Person == nil {
		c.Person = func(userAgent string) bool { return userAgent != "" }
	}
	if c.Concurrent == 0 {
		c.Concurrent = 1024
	}
	if c.Bodies == 0 {
		c.Bodies = 128 << 20
	}
	s := &Server{
		Config: c, places: make(chan struct{}, c.Concurrent), room: semaphore.NewWeighted(c.Bodies),
		addresses: newPace[netip.Addr](c.Limits.Address, int(burst*c.Limits.Address)),
		keyPace:   newPace[string](c.Limits.Key, int(burst*c.Limits.Key)),
		ofJSON:    []string{"application/json; charset=utf-8"},
	}
	if c.Limits.Address > 0 {
		s.guesses = newPace[netip.Addr](wrongKeysPerSecond, wrongKeys)
	}
	var err error
	if s.document, err = openapi.Load(); err != nil {
		return nil, err
	}
	if s.unsubscribes, err = newUnsubscribePages(c.ShopName); err != nil {
		return nil, err
	}
	s.texts.New = newText
	gin.SetMode(gin.ReleaseMode) // else it prints every route
	s.engine = gin.New()
	if err = s.engine.SetTrustedProxies(c.TrustedProxies); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	s.engine.RemoteIPHeaders = []string{"X-Forwarded-For"} // X-Real-IP passes many proxies as the client wrote it
	s.engine.RedirectTrailingSlash = false
	s.engine.HandleMethodNotAllowed = true
	s.engine.UseRawPath = true // an id may hold a slash, as %2F
	s.engine.Use(s.observe, s.recover, private(), bareAddresses)
	if c.Logger.Enabled(context.Background(), slog.LevelDebug) {
		s.engine.Use(s.access)
	}
	s.engine.NoRoute(func(c *gin.Context) { s.fail(c, errNoRoute) })
	s.engine.NoMethod(func(c *gin.Context) { s.fail(c, errNoMethod) })
	table := s.routes()
	for _, r := range slices.Concat(table, heads(table)) {
		s.register(r)
	}
	s.registerPreflights(table)
	return s, nil
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Unready makes /readyz say that no more requests should be sent here. Those
// that come are still answered, until the listener is closed.
func (s *Server) Unready() { s.unready.Store(true) }

// recover answers a panic as our own mistake and logs where it was.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause == http.ErrAbortHandler {
			panic(cause) // how net/http is told to break off
		}
		s.Logger.Error("panic", "method", c.Request.Method, "route", c.FullPath(), "cause", cause, "stack", string(debug.Stack()))
		if !c.Writer.Written() {
			s.answerProblem(c, internal())
		}
		c.Abort()
	}()
	c.Next()
}

// private keeps caches and browsers from making more of an answer than it is: almost
// all are about one shopper.
func private() gin.HandlerFunc {
	noStore, noSniff := []string{"no-store"}, []string{"nosniff"} // of all answers
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h["Cache-Control"] = noStore
		h["X-Content-Type-Options"] = noSniff
	}
}

// alive answers /healthz: the process runs.
func (s *Server) alive(c *call) error {
	c.JSON(http.StatusOK, gin.H{"status": "ok"})
	return nil
}

// ready answers /readyz: requests can be served.
func (s *Server) ready(c *call) error {
	if s.unready.Load() {
		return unavailable("draining", "this process is about to end; ask another one", retrySoon)
	}
	if s.Ready != nil {
		if err := s.Ready(c.Request.Context()); err != nil {
			s.Logger.Warn("not ready", "error", err)
			return unavailable("database_unavailable", "the database cannot be reached", retrySoon)
		}
	}
	c.JSON(http.StatusOK, gin.H{"status": "ready"})
	return nil
}
