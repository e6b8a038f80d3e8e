package mail

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Parallel is how many connections to the SMTP server are open at most.
const Parallel = 4

// perConnection is how many mails go over one connection; many servers hang up after
// a hundred.
const perConnection = 50

// Sender sends mails over a few connections, which it keeps open for a while. It is
// safe for concurrent use.
type Sender struct {
	options Options
	slots   chan struct{} // one is taken while a connection is in use

	mu     sync.Mutex // guards what follows
	free   []*connection
	sweep  *time.Timer // closes what was idle for long
	closed bool
}

// NewSender returns a sender over an SMTP server; the error is of options that are wrong.
func NewSender(o Options) (*Sender, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	return &Sender{options: o, slots: make(chan struct{}, Parallel)}, nil
}

// Send hands a mail to the server and says what became of it. When ctx ends first it
// is broken off: before the end of the data the mail was not taken, after it the
// outcome is unknown. It takes [LongestSend] at most, as long as no more than
// [Parallel] mails are sent at once.
func (s *Sender) Send(ctx context.Context, m Message) Outcome {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return outcomeOf(connecting, ctx.Err(), m.To)
	}
	c, err := s.take(ctx)
	if err != nil {
		var f *failure
		if errors.As(err, &f) {
			return outcomeOf(f.stage, f.err, m.To)
		}
		return outcomeOf(connecting, err, m.To)
	}
	o := c.send(ctx, m)
	if o.Result == Delivered && c.sent < perConnection {
		s.keep(c)
	} else {
		c.close() // in what state the session is nobody knows
	}
	return o
}

// take returns a connection that answers: a free one, or a new one.
func (s *Sender) take(ctx context.Context) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.timeoutsOf().send)
	defer cancel()
	for {
		c := s.pop()
		if c == nil {
			return dial(ctx, s.options)
		}
		stop := context.AfterFunc(ctx, c.close)
		err := c.smtp.Noop()
		if stop() && err == nil {
			return c, nil
		}
		c.close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// pop returns the connection that was used last, nil if none is free.
func (s *Sender) pop() *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) == 0 {
		return nil
	}
	c := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	return c
}

// keep makes a connection free, for [IdleTimeout].
func (s *Sender) keep(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.close()
		return
	}
	c.idle = time.Now()
	s.free = append(s.free, c)
	if s.sweep == nil {
		s.sweep = time.AfterFunc(IdleTimeout, s.closeIdle)
	}
}

// closeIdle closes the connections that were idle for long, and comes back for the others.
func (s *Sender) closeIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var young []*connection
	for _, c := range s.free {
		if now.Sub(c.idle) >= IdleTimeout {
			c.close()
		} else {
			young = append(young, c)
		}
	}
	s.free, s.sweep = young, nil
	if len(young) > 0 {
		s.sweep = time.AfterFunc(IdleTimeout, s.closeIdle)
	}
}

// Close closes the connections that are free; those in use are closed when their
// mail is sent.
func (s *Sender) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.sweep != nil {
		s.sweep.Stop()
	}
	for _, c := range s.free {
		c.close()
	}
	s.free = nil
}
