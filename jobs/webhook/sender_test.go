package webhook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// carrier answers requests inside the process.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

func message(url string) (Message, Secret) {
	s := NewSecret()
	return Message{URL: url, ID: "trg_1", Secrets: []Secret{s}, Body: []byte(`{"type":"cart.abandoned"}`)}, s
}

func TestSendToAServer(t *testing.T) {
	m, secret := message("")
	receiver, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	problems := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch err := receiver.Verify(body, r.Header); {
		case err != nil:
			problems <- err.Error()
		case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json":
			problems <- r.Method + " " + r.Header.Get("Content-Type")
		default:
			problems <- ""
		}
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, strings.Repeat("thank you ", 1000))
	}))
	defer server.Close()
	m.URL = server.URL + "/hook"
	sender := NewSender(Options{AllowPrivate: true, AllowPlain: true})
	defer sender.Close()
	got := sender.Send(t.Context(), m, time.Now())
	if got.Result != Delivered || got.Status != 202 || got.Reason != "" || got.Took <= 0 {
		t.Errorf("outcome %+v", got)
	}
	if got.Answer != strings.Repeat("thank you ", 1000)[:KeptAnswer] {
		t.Errorf("%d bytes kept of the answer: %q", len(got.Answer), got.Answer)
	}
	if problem := <-problems; problem != "" {
		t.Errorf("the receiver says: %s", problem)
	}
}

func TestLocalServerIsNotReachedByDefault(t *testing.T) {
	var reached atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	send := func(o Options, host string) Outcome {
		m, _ := message("http://" + host + ":" + port)
		sender := NewSender(o)
		defer sender.Close()
		return sender.Send(t.Context(), m, time.Now())
	}
	for _, host := range []string{"localhost", "127.0.0.1"} {
		if got := send(Options{AllowPlain: true}, host); got.Result != Failed {
			t.Errorf("%s: %+v", host, got)
		}
	}
	if reached.Load() != 0 {
		t.Fatal("the server was reached")
	}
	if got := send(Options{AllowPlain: true, AllowPrivate: true}, "localhost"); got.Result != Delivered || reached.Load() != 1 {
		t.Errorf("allowed: %+v, reached %d times", got, reached.Load())
	}
}

func TestSlowEndpointsAreGivenUp(t *testing.T) {
	for name, carry := range map[string]carrier{
		"no answer": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"no end of the body": func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 500, Body: io.NopCloser(stuck{r.Context()})}, nil
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			m, _ := message("https://shop.example/hook")
			got := NewSender(Options{Transport: carry}).Send(t.Context(), m, start)
			if got.Result != Retry || time.Since(start) != Timeout {
				t.Errorf("%s: %+v after %s", name, got, time.Since(start))
			}
		})
	}
}

// stuck is a body that gives nothing until its request is over.
type stuck struct{ ctx context.Context }

func (s stuck) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }

func TestOnlyTheBeginningOfAnAnswerIsRead(t *testing.T) {
	body := &endless{}
	sender := NewSender(Options{Transport: carrier(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: body}, nil
	})})
	m, _ := message("https://shop.example/hook")
	if got := sender.Send(t.Context(), m, time.Now()); got.Result != Delivered {
		t.Errorf("outcome %+v", got)
	}
	if body.given > drained || !body.closed {
		t.Errorf("read %d bytes, closed %t", body.given, body.closed)
	}
}

type endless struct {
	given  int
	closed bool
}

func (e *endless) Read(p []byte) (int, error) { e.given += len(p); return len(p), nil }
func (e *endless) Close() error               { e.closed = true; return nil }

func TestWhatCannotBeSent(t *testing.T) {
	sender := NewSender(Options{Transport: carrier(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("it was sent")
	})})
	good, _ := message("https://shop.example/hook")
	for want, change := range map[string]func(*Message){
		"no id":         func(m *Message) { m.ID = "" },
		"no secret":     func(m *Message) { m.Secrets = nil },
		"begins with":   func(m *Message) { m.URL = "ftp://shop.example" },
		"names no host": func(m *Message) { m.URL = "https:///hook" },
		"unencrypted":   func(m *Message) { m.URL = "http://shop.example" },
		"user or":       func(m *Message) { m.URL = "https://me:pw@shop.example" },
		"fragment":      func(m *Message) { m.URL = "https://shop.example/#x" },
		"read the":      func(m *Message) { m.URL = "https://shop.example/%zz" },
		"prohibited":    func(m *Message) { m.URL = "https://[::1]/" },
	} {
		m := good
		change(&m)
		got := sender.Send(t.Context(), m, time.Now())
		if got.Result != Failed || !strings.Contains(got.Reason, want) || strings.Contains(got.Reason, "pw") {
			t.Errorf("%q: %+v", want, got)
		}
	}
	if got := sender.Send(t.Context(), good, time.Now()); got.Result != Retry || !strings.Contains(got.Reason, "it was sent") {
		t.Errorf("the unchanged message: %+v", got)
	}
}
