package jobs

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A fault is what a sink does with an attempt.
type fault string

// The faults. Those that are taken say 2xx before anything goes wrong.
const (
	takes   fault = "takes"    // answers 200
	slow    fault = "slow"     // takes its time, and answers 200
	cutBody fault = "cut body" // answers 200 and breaks off in the middle of its body
	hangs   fault = "hangs"    // never answers
	resets  fault = "resets"   // hangs up without a word
	cutHead fault = "cut head" // breaks off in the middle of its status and headers
	garbles fault = "garbles"  // answers what is no HTTP
	breaks  fault = "breaks"   // answers 500
	crowded fault = "crowded"  // answers 429 and when to come back
	leaves  fault = "leaves"   // answers 410
	moves   fault = "moves"    // answers 302, to where nobody should go
)

// refusals are the faults after which a message is to be sent again.
func refusals() []fault {
	return []fault{hangs, resets, cutHead, garbles, breaks, crowded, moves}
}

func (f fault) taken() bool { return f == takes || f == slow || f == cutBody }

// A sink is a shop's server with faults, on real connections.
type sink struct {
	plan  func(host, id string, n int) fault // what to do with the n-th attempt of a message at a host, from 1
	delay time.Duration                      // how long slow takes

	mu    sync.Mutex
	tries map[string]int         // by host and id
	first map[string]time.Time   // when a host took a message first
	times map[string][]time.Time // when a host was told a message
	wrong []string
	check map[string]verifier // by host
}

func newSink(delay time.Duration, plan func(host, id string, n int) fault) *sink {
	return &sink{plan: plan, delay: delay, tries: map[string]int{}, first: map[string]time.Time{}, times: map[string][]time.Time{}, check: map[string]verifier{}}
}

// ServeHTTP takes an attempt, or does not.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // who sent it is gone
	}
	f := s.take(r, body)
	switch f {
	case takes:
		io.WriteString(w, "thank you")
	case slow:
		time.Sleep(s.delay)
	case hangs:
		<-r.Context().Done()
	case breaks:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case crowded:
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusTooManyRequests)
	case leaves:
		w.WriteHeader(http.StatusGone)
	case moves:
		http.Redirect(w, r, "http://127.0.0.1:1/inside", http.StatusFound)
	default:
		breakOff(w, map[fault]string{resets: "", cutHead: "HTTP/1.1 200 OK\r\nContent-Le", garbles: "220 smtp.example ready\r\n\r\n",
			cutBody: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthank"}[f])
	}
}

// breakOff writes what there is to say, and hangs up.
func breakOff(w http.ResponseWriter, said string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	io.WriteString(conn, said)
	if tcp, ok := conn.(*net.TCPConn); ok && said == "" {
		tcp.SetLinger(0) // a reset, not an end
	}
	conn.Close()
}

func (s *sink) take(r *http.Request, body []byte) fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.Header.Get("Webhook-Id")
	key := r.Host + " " + id
	s.tries[key]++
	s.times[key] = append(s.times[key], time.Now())
	if err := s.check[r.Host](body, r.Header); err != nil {
		s.wrong = append(s.wrong, fmt.Sprint(key, ": ", err))
	}
	f := s.plan(r.Host, id, s.tries[key])
	if _, before := s.first[key]; f.taken() && !before {
		s.first[key] = time.Now()
	}
	return f
}

// took returns the ids of the messages that a host took, in order.
func (s *sink) took(host string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for key := range s.first {
		if found, id, _ := cut(key); found == host {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func cut(key string) (host, id string, n int) {
	n, _ = fmt.Sscan(key, &host, &id)
	return host, id, n
}

// pipes are connections inside the process, so that time may be fake.
type pipes struct {
	accepted chan net.Conn
	once     sync.Once
	closed   chan struct{}
}

func newPipes() *pipes { return &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})} }

// Accept waits for the next connection.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepted:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends accepting.
func (p *pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

// Addr is of no meaning.
func (p *pipes) Addr() net.Addr { return &net.IPAddr{} }

// dial connects to whoever accepts.
func (p *pipes) dial() (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.accepted <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
