package api

import (
	"net/http"
	"time"

	"cartwright/sessions"
)

// visitors answers GET /v1/visitors: all, or who is known by some identifiers.
func (s *Server) visitors(c *call) error {
	known, err := c.identifiers()
	if err != nil {
		return err
	}
	if err := s.written(c); err != nil {
		return err
	}
	return numbered(c, func(after sessions.VisitorID, limit int) ([]sessions.Visitor, error) {
		if known != (sessions.Names{}) {
			return s.Histories.Known(c.Request.Context(), known, after)
		}
		return s.Histories.Visitors(c.Request.Context(), after, limit)
	}, func(v sessions.Visitor) sessions.VisitorID { return v.ID })
}

// identifiers reads the identifiers that a list of visitors is asked for. One that is
// empty is no question for all.
func (c *call) identifiers() (n sessions.Names, err error) {
	for _, name := range [...]string{"user_id", "anonymous_id", "email"} {
		if text, given := c.GetQuery(name); given && text == "" {
			return n, invalidParameter(name, "the identifier that you ask for; leave it out to list all")
		}
	}
	customer, err := c.text("user_id")
	if err != nil {
		return n, err
	}
	anonymous, err := c.text("anonymous_id")
	if err != nil {
		return n, err
	}
	email, err := c.email()
	return sessions.Names{Anonymous: sessions.AnonymousID(anonymous), Customer: sessions.CustomerID(customer), Email: email}, err
}

// visitor answers GET /v1/visitors/{id}.
func (s *Server) visitor(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.written(c); err != nil {
		return err
	}
	v, err := s.Histories.Visitor(c.Request.Context(), sessions.VisitorID(id))
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, v)
	return nil
}

// visitorSessions answers GET /v1/visitors/{id}/sessions.
func (s *Server) visitorSessions(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.written(c); err != nil {
		return err
	}
	visitor, err := s.Histories.Visitor(c.Request.Context(), sessions.VisitorID(id))
	if err != nil {
		return err
	}
	return numbered(c, func(after sessions.SessionID, limit int) ([]sessions.Session, error) {
		return s.Histories.SessionsOf(c.Request.Context(), visitor.ID, after, limit)
	}, sessionID)
}

func sessionID(s sessions.Session) sessions.SessionID { return s.ID }

// sessions answers GET /v1/sessions.
func (s *Server) sessions(c *call) error {
	bots, err := c.flag("bots")
	if err != nil {
		return err
	}
	if err := s.written(c); err != nil {
		return err
	}
	return numbered(c, func(after sessions.SessionID, limit int) ([]sessions.Session, error) {
		return s.Histories.Sessions(c.Request.Context(), bots, after, limit)
	}, sessionID)
}

// session answers GET /v1/sessions/{id}.
func (s *Server) session(c *call) error {
	found, err := s.foundSession(c)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, found)
	return nil
}

// foundSession returns the session that the path names.
func (s *Server) foundSession(c *call) (sessions.Session, error) {
	id, err := c.id()
	if err != nil {
		return sessions.Session{}, err
	}
	if err := s.written(c); err != nil {
		return sessions.Session{}, err
	}
	return s.Histories.Session(c.Request.Context(), sessions.SessionID(id))
}

// sessionEvents answers GET /v1/sessions/{id}/events, in the order they arrived.
func (s *Server) sessionEvents(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.written(c); err != nil {
		return err
	}
	return numbered(c, func(after sessions.Seq, limit int) ([]Event, error) {
		events, err := s.Histories.Events(c.Request.Context(), sessions.SessionID(id), after, limit)
		return shown(events), err
	}, func(e Event) sessions.Seq { return e.Seq })
}

// Event is an event of the log, as shown.
type Event struct {
	Seq        sessions.Seq       `json:"seq"`
	Kind       sessions.Kind      `json:"kind"`
	Source     sessions.Source    `json:"source"`
	ReceivedAt time.Time          `json:"received_at"`
	OccurredAt time.Time          `json:"occurred_at"`
	Visitor    sessions.VisitorID `json:"visitor_id,omitempty"` // none: a bot
	OriginalAt *time.Time         `json:"original_at,omitempty"`
	SentAt     *time.Time         `json:"sent_at,omitempty"`
	sessions.Payload
}

func shown(events []*sessions.Event) []Event {
	list := make([]Event, len(events))
	for i, e := range events {
		list[i] = Event{
			Seq: e.Seq, Kind: e.Kind, Source: e.Source, Visitor: e.Visitor, Payload: e.Payload,
			ReceivedAt: e.Received.Time(), OccurredAt: e.Occurred.Time(),
			OriginalAt: instant(e.Original), SentAt: instant(e.Sent),
		}
	}
	return list
}

// instant returns a time, nil for none.
func instant(m sessions.Millis) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}
