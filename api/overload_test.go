package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"cartwright/api"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// One more than the places there are is told to come again; after that there is
// room.
func TestOverload(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s := sqliteShop(t, func(c *api.Config) {
		c.Concurrent = 1
		c.Decoder = &wire.Decoder{Currency: "EUR", Enrich: func(*sessions.Event, wire.Client) {
			once.Do(func() {
				close(started)
				<-release
			})
		}}
	})
	var first answer
	var wait sync.WaitGroup
	wait.Go(func() { first = s.post("/v1/page", writeKey, calls["page"]) })
	<-started
	s.post("/v1/page", writeKey, calls["page"]).wants(t, 503, "overloaded")
	close(release)
	wait.Wait()
	first.receipt(t)
	s.post("/v1/page", writeKey, calls["page"]).receipt(t)
}

// slowBody sends a beginning, tells when it was read, and the rest when it is released.
type slowBody struct {
	begin, rest      io.Reader
	arrived, release chan struct{}
	once             sync.Once
}

func (b *slowBody) Read(p []byte) (int, error) {
	if n, err := b.begin.Read(p); err == nil {
		return n, nil
	}
	b.once.Do(func() { close(b.arrived) })
	<-b.release
	return b.rest.Read(p)
}

// sendSlowly starts a request whose body stops after its beginning.
func (s *shop) sendSlowly(begin, rest string) (arrived <-chan struct{}, finish func() answer) {
	b := &slowBody{
		begin: strings.NewReader(begin), rest: strings.NewReader(rest),
		arrived: make(chan struct{}), release: make(chan struct{}),
	}
	recorder := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := httptest.NewRequest(http.MethodPost, "/v1/batch", b)
		r.SetBasicAuth(writeKey, "")
		s.server.ServeHTTP(recorder, r)
	}()
	return b.arrived, func() answer {
		close(b.release)
		<-done
		return answer{recorder}
	}
}

// Bodies that arrive slowly keep nobody else waiting, however many there are.
func TestSlowBodiesTakeNoPlaces(t *testing.T) {
	s := sqliteShop(t, func(c *api.Config) { c.Concurrent = 1 })
	var ends []func() answer
	for range 20 {
		arrived, finish := s.sendSlowly(`{"batch":[`, `]}`)
		<-arrived
		ends = append(ends, finish)
	}
	s.post("/v1/page", writeKey, calls["page"]).receipt(t)
	for _, finish := range ends {
		finish().receipt(t)
	}
}

// Large bodies share their room: who finds none is told to come again, small ones
// still pass, and what was taken is given back, also by those that were refused.
func TestRoomForBodies(t *testing.T) {
	const mega = 1 << 20
	s := sqliteShop(t, func(c *api.Config) { c.Bodies = 3 * mega })
	large := `{"batch":[]}` + strings.Repeat(" ", 2*mega)
	bomb := zipped(t, `{"batch":[]}`+strings.Repeat(" ", 4*mega-100))
	zip := func() answer {
		return s.do(request{method: "POST", path: "/v1/batch", key: writeKey, body: bomb, headers: []string{"Content-Encoding: gzip"}})
	}
	for range 3 {
		arrived, finish := s.sendSlowly(large[:len(large)-1], " ")
		<-arrived
		s.post("/v1/batch", writeKey, large).wants(t, 503, "overloaded")
		zip().wants(t, 503, "overloaded")
		s.post("/v1/page", writeKey, calls["page"]).receipt(t)
		finish().receipt(t)
		s.post("/v1/batch", writeKey, large).receipt(t)
		zip().wants(t, 503, "overloaded") // it alone is more than there is
		s.post("/v1/batch", writeKey, large+"x").wants(t, 400, "invalid_json")
	}
}
