package mail

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"cartwright/fixtures/postoffice"
)

// impatient are timeouts for tests in which a server falls silent.
var impatient = timeouts{connect: 300 * time.Millisecond, command: 300 * time.Millisecond, send: 600 * time.Millisecond, answer: 300 * time.Millisecond}

func letter(body int) Message {
	return Message{ID: "1@shop.example", From: "shop@shop.example", To: "anna@mail.example",
		Data: []byte("Subject: hello\r\n\r\n" + strings.Repeat("All about mugs, and more of it.\r\n", body/33))}
}

// letterFor returns a letter that shows what happens at a stage: in the middle one that
// is more than the buffers of both sides, so that its end is not on its way yet.
func letterFor(s postoffice.Stage) Message {
	if s == postoffice.Middle {
		return letter(24 << 20)
	}
	return letter(1000)
}

func sender(t testing.TB, o *postoffice.Office, change func(*Options)) *Sender {
	t.Helper()
	options := Options{Server: o.Address, Security: Plain, Roots: o.Roots}
	if change != nil {
		change(&options)
	}
	s, err := NewSender(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// A failure before the end of the data may be tried again, an answer is an answer, and
// silence after the end is never known. What a server took is told apart from that.
func TestWhatBecomesOfAMail(t *testing.T) {
	hangUp, silent := postoffice.Act{HangUp: true}, postoffice.Act{Silent: true}
	answer := func(code int) postoffice.Act { return postoffice.Act{Code: code} }
	tests := []struct {
		at   postoffice.Stage
		act  postoffice.Act
		want Result
		code int
		took int // letters that the server has
	}{
		{"", postoffice.Act{}, Delivered, 250, 1},
		{postoffice.Connected, hangUp, Retry, 0, 0},
		{postoffice.Connected, silent, Retry, 0, 0},
		{postoffice.Hello, hangUp, Retry, 0, 0},
		{postoffice.Hello, silent, Retry, 0, 0},
		{postoffice.Hello, answer(554), Retry, 554, 0},
		{postoffice.From, hangUp, Retry, 0, 0},
		{postoffice.From, silent, Retry, 0, 0},
		{postoffice.From, answer(451), Retry, 451, 0},
		{postoffice.From, answer(550), Retry, 550, 0}, // that is about the shop, which can mend it
		{postoffice.To, hangUp, Retry, 0, 0},
		{postoffice.To, silent, Retry, 0, 0},
		{postoffice.To, answer(450), Retry, 450, 0},
		{postoffice.To, answer(550), Refused, 550, 0},
		{postoffice.Middle, hangUp, Retry, 0, 0},
		{postoffice.Middle, silent, Retry, 0, 0},
		{postoffice.Arrived, hangUp, Unknown, 0, 1},
		{postoffice.Arrived, silent, Unknown, 0, 1},
		{postoffice.Arrived, answer(451), Retry, 451, 0},
		{postoffice.Arrived, answer(554), Refused, 554, 0},
	}
	for _, test := range tests {
		t.Run(string(test.at)+" "+actName(test.act), func(t *testing.T) {
			office := postoffice.Open(t, postoffice.Options{At: func(s postoffice.Stage, _ int) postoffice.Act {
				if s == test.at {
					return test.act
				}
				return postoffice.Act{}
			}})
			s := sender(t, office, func(o *Options) {
				if test.act.Silent { // else no machine is too slow
					o.timeouts = impatient
				}
			})
			got := s.Send(t.Context(), letterFor(test.at))
			if got.Result != test.want || got.Code != test.code {
				t.Errorf("%+v, want result %d, code %d", got, test.want, test.code)
			}
			if n := len(office.Letters()); n != test.took {
				t.Errorf("the server took %d, want %d", n, test.took)
			}
			if strings.Contains(got.Reason, "@") || (got.Reason == "") != (got.Result == Delivered) {
				t.Errorf("reason %q", got.Reason)
			}
		})
	}
}

func actName(a postoffice.Act) string {
	switch {
	case a.HangUp:
		return "hangs up"
	case a.Silent:
		return "falls silent"
	case a.Code != 0:
		return "answers"
	}
	return "goes on"
}

// When a program ends while a mail is under way, it knows what it may say of it.
func TestSendIsBrokenOff(t *testing.T) {
	for stage, want := range map[postoffice.Stage]Result{postoffice.To: Retry, postoffice.Middle: Retry, postoffice.Arrived: Unknown} {
		t.Run(string(stage), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			office := postoffice.Open(t, postoffice.Options{At: func(s postoffice.Stage, _ int) postoffice.Act {
				if s == stage {
					cancel()
					return postoffice.Act{Silent: true}
				}
				return postoffice.Act{}
			}})
			got := sender(t, office, nil).Send(ctx, letterFor(stage))
			if got.Result != want {
				t.Errorf("%+v, want %d", got, want)
			}
		})
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	office := postoffice.Open(t, postoffice.Options{At: func(s postoffice.Stage, n int) postoffice.Act {
		if s == postoffice.To && n == 3 {
			return postoffice.Act{Code: 550}
		}
		return postoffice.Act{}
	}})
	s := sender(t, office, nil)
	for i, want := range []Result{Delivered, Delivered, Refused, Delivered} {
		if got := s.Send(t.Context(), letter(100)); got.Result != want {
			t.Fatalf("mail %d: %+v", i, got)
		}
	}
	if n := office.Sessions(); n != 2 { // after a refusal it begins anew
		t.Errorf("%d sessions for four mails, want 2", n)
	}
	s.mu.Lock()
	free := s.free[0]
	s.mu.Unlock()
	free.close() // as a server does that tires of waiting
	if got := s.Send(t.Context(), letter(100)); got.Result != Delivered || office.Sessions() != 3 {
		t.Errorf("over a dead connection: %+v", got)
	}
	s.mu.Lock()
	s.free[0].idle = time.Now().Add(-IdleTimeout)
	s.mu.Unlock()
	s.closeIdle()
	if got := s.Send(t.Context(), letter(100)); got.Result != Delivered || office.Sessions() != 4 {
		t.Errorf("after it was idle for long: %+v, %d sessions", got, office.Sessions())
	}
}

func TestNoMoreConnectionsThanAllowed(t *testing.T) {
	reached := make(chan struct{}, 100)
	release := make(chan struct{})
	office := postoffice.Open(t, postoffice.Options{At: func(s postoffice.Stage, _ int) postoffice.Act {
		if s == postoffice.To {
			reached <- struct{}{}
			<-release
		}
		return postoffice.Act{}
	}})
	s := sender(t, office, nil)
	results := make(chan Outcome)
	for range 3 * Parallel {
		go func() { results <- s.Send(t.Context(), letter(100)) }()
	}
	for range Parallel {
		<-reached
	}
	if n := office.Sessions(); n > Parallel {
		t.Errorf("%d connections at once", n)
	}
	close(release)
	for range 3 * Parallel {
		if o := <-results; o.Result != Delivered {
			t.Errorf("%+v", o)
		}
	}
	if n := office.Sessions(); n > Parallel {
		t.Errorf("%d connections for %d mails", n, 3*Parallel)
	}
}

func TestSecurity(t *testing.T) {
	tests := []struct {
		name   string
		office postoffice.Options
		change func(*Options)
		want   Result
		reason string
	}{
		{"STARTTLS", postoffice.Options{Security: "starttls"}, func(o *Options) { o.Security = StartTLS }, Delivered, ""},
		{"STARTTLS that is not offered", postoffice.Options{}, func(o *Options) { o.Security = StartTLS }, Retry, "STARTTLS"},
		{"STARTTLS of a stranger", postoffice.Options{Security: "starttls"}, func(o *Options) { o.Security, o.Roots = StartTLS, nil }, Retry, "TLS failed"},
		{"TLS", postoffice.Options{Security: "tls"}, func(o *Options) { o.Security = Implicit }, Delivered, ""},
		{"TLS of a stranger", postoffice.Options{Security: "tls"}, func(o *Options) { o.Security, o.Roots = Implicit, nil }, Retry, "TLS failed"},
		{"TLS with a server that has none", postoffice.Options{}, func(o *Options) { o.Security = Implicit }, Retry, "TLS failed"},
		{"user and password", postoffice.Options{Security: "starttls", User: "shop", Password: "secret"},
			func(o *Options) { o.Security, o.User, o.Password = StartTLS, "shop", "secret" }, Delivered, ""},
		{"a wrong password can be mended", postoffice.Options{Security: "starttls", User: "shop", Password: "secret"},
			func(o *Options) { o.Security, o.User, o.Password = StartTLS, "shop", "wrong" }, Retry, "535"},
		{"no password where one is asked for", postoffice.Options{User: "shop", Password: "secret"}, nil, Retry, "530"},
		{"nobody there", postoffice.Options{}, func(o *Options) { o.Server = "127.0.0.1:1" }, Retry, "connection"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			office := postoffice.Open(t, test.office)
			s := sender(t, office, test.change)
			got := s.Send(t.Context(), letter(100))
			if got.Result != test.want || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("%+v, want %d with %q", got, test.want, test.reason)
			}
			if strings.Contains(got.Reason, "secret") || strings.Contains(got.Reason, "wrong") {
				t.Errorf("the reason tells the password: %s", got.Reason)
			}
			reached, err := s.options.Probe(t.Context())
			wantProbe := test.want == Delivered || test.reason == "530" // a look asks for nothing that needs a password
			if (err == nil) != wantProbe {
				t.Errorf("a look: %+v, %v", reached, err)
			}
			if err == nil && (s.options.Security == Plain) != reached.Expires.IsZero() {
				t.Errorf("a look found a certificate until %s", reached.Expires)
			}
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := Options{Server: "smtp.example.com:587", Security: StartTLS, User: "u", Password: "p"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"no port":                   func(o *Options) { o.Server = "smtp.example.com" },
		"no host":                   func(o *Options) { o.Server = ":587" },
		"port of letters":           func(o *Options) { o.Server = "smtp.example.com:smtp" },
		"unknown security":          func(o *Options) { o.Security = "opportunistic" },
		"no TLS":                    func(o *Options) { o.Security, o.User, o.Password = Plain, "", "" },
		"a password without TLS":    func(o *Options) { o.Security, o.AllowPlain = Plain, true },
		"a user without a password": func(o *Options) { o.Password = "" },
		"a line break in the user":  func(o *Options) { o.User = "u\r\nRCPT TO:<x>" },
	} {
		o := good
		change(&o)
		if o.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for _, o := range []Options{{Server: "smtp.example.com:25", Security: Plain, AllowPlain: true}, {Server: "localhost:25", Security: Plain},
		{Server: "[::1]:25", Security: Plain, User: "u", Password: "p"}} {
		if err := o.Check(); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// What a server says of a mail is kept, but for whom it was.
func TestReasonsTellNoAddress(t *testing.T) {
	got := masked("550 <anna@mail.example>: no such user anna here;\r\nask ANNA or postmaster@x.example "+strings.Repeat("é", 300), "anna@mail.example")
	if strings.Contains(strings.ToLower(got), "anna") || strings.ContainsAny(got, "@\r\n") || len(got) > longestReason || !strings.HasPrefix(got, "550 … no such user … here; ask … or …") {
		t.Errorf("%q", got)
	}
}

// Lines that begin with a point arrive as they are, and a point alone ends nothing.
func TestPointsAtTheBeginOfLines(t *testing.T) {
	office := postoffice.Open(t, postoffice.Options{})
	m := letter(10)
	m.Data = append(m.Data, "..\r\n.\r\nRCPT TO:<eve@mail.example>\r\n.hidden\r\n"...)
	if o := sender(t, office, nil).Send(t.Context(), m); o.Result != Delivered {
		t.Fatal(o)
	}
	got := office.Letters()
	if len(got) != 1 || !bytes.Equal(got[0].Data, m.Data) || got[0].To != m.To || got[0].From != m.From {
		t.Errorf("%q", got)
	}
}
