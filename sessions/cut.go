package sessions

import "time"

// Span is what cutting a stream into sessions has to know of one of them.
type Span struct {
	ID       SessionID
	Visitor  VisitorID
	Start    Millis
	End      Millis // its last activity
	Events   int
	Campaign string // the key of its campaign, or empty
	Name     string // given by an imported file, or empty
}

// Cut returns the index of the session that e belongs to among the spans of its
// stream, or -1 if e begins a new one.
//
// A session reaches from a timeout before its start to a timeout after its end.
// Of several that reach to e, it belongs to the last that had begun, or if none
// had, to the first that follows: so a late event between two sessions goes to
// the earlier. It begins a new one nevertheless when it brings another campaign,
// when the session is full or would become too long, or when it is another
// visitor's. Sessions are never merged. A session that the source named takes
// the events of that name and no others.
func Cut(spans []Span, e *Event, s Settings) int {
	best := -1
	for i := range spans {
		switch {
		case e.Session != spans[i].Name:
		case e.Session != "":
			return i
		case reaches(&spans[i], e.Occurred, s.SessionTimeout) && (best < 0 || nearer(&spans[i], &spans[best], e.Occurred)):
			best = i
		}
	}
	if best >= 0 && !takes(&spans[best], e, s) {
		return -1
	}
	return best
}

func reaches(p *Span, t Millis, timeout time.Duration) bool {
	return p.Start.Add(-timeout) <= t && t <= p.End.Add(timeout)
}

// nearer reports whether an event at t rather belongs to a than to b.
func nearer(a, b *Span, t Millis) bool {
	aBegun, bBegun := a.Start <= t, b.Start <= t
	switch {
	case aBegun != bBegun:
		return aBegun
	case a.Start == b.Start:
		return a.ID > b.ID
	}
	return (a.Start > b.Start) == aBegun
}

func takes(p *Span, e *Event, s Settings) bool {
	campaign := e.Campaign.Key()
	length := max(p.End, e.Occurred) - min(p.Start, e.Occurred)
	return p.Events < s.SessionEvents &&
		length <= Millis(s.SessionMaximum.Milliseconds()) &&
		(campaign == "" || campaign == p.Campaign) &&
		p.Visitor == e.Visitor
}

// With returns the span after e joined it.
func (p Span) With(e *Event) Span {
	p.Start, p.End = min(p.Start, e.Occurred), max(p.End, e.Occurred)
	p.Events++
	if p.Campaign == "" {
		p.Campaign = e.Campaign.Key()
	}
	return p
}

// Begin returns the span of a session that e begins.
func Begin(e *Event) Span {
	return Span{
		ID: SessionID(e.Seq), Visitor: e.Visitor, Start: e.Occurred, End: e.Occurred,
		Events: 1, Campaign: e.Campaign.Key(), Name: e.Session,
	}
}

// Stream returns what e's sender is called: the anonymous id, else the customer
// id, else the email. Bots have streams of their own, and the result is empty
// for events of nobody and for states of records. Prefixes keep the kinds of ids apart.
func (e *Event) Stream() string {
	if e.Kind.Own() || e.Kind == ProductUpdated || e.Updated != 0 {
		return ""
	}
	prefix := ""
	if e.Bot {
		prefix = "bot "
	}
	switch {
	case e.Anonymous != "":
		return prefix + BrowserStream + string(e.Anonymous)
	case e.Customer != "":
		return prefix + "c:" + string(e.Customer)
	case e.Email != "":
		return prefix + "e:" + string(e.Email)
	}
	return ""
}
