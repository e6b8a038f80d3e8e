package api

import (
	"slices"

	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// single returns the handler of one of Segment's calls: one item a body.
func (s *Server) single(kind string) func(*call) error {
	return func(c *call) error {
		return s.withBody(c, func(body []byte) error { return s.takeOne(c, kind, body) })
	}
}

func (s *Server) takeOne(c *call, kind string, body []byte) error {
	if err := s.admitBody(c, body); err != nil {
		return err
	}
	e, rejected := s.Decoder.Item(0, body, s.arrival(c, kind, 0))
	if rejected == nil {
		return s.appendOne(c, e)
	}
	if rejected.Code != wire.CodeInvalidJSON { // what does not parse is no item and is not counted
		if _, err := s.append(c, sessions.Batch{Rejected: []sessions.Rejected{*rejected}}); err != nil {
			return err
		}
	}
	return refused(*rejected)
}

// history answers Segment's path for what happened long ago: a batch. From the
// backend, which is believed, it triggers nothing by itself, as all imported history;
// a browser's key cannot say that something is history.
func (s *Server) history(c *call) error {
	c.history = true
	return s.batch("batch")(c)
}

// batch returns the handler of bodies with many items, in an array of a name.
func (s *Server) batch(array string) func(*call) error {
	return func(c *call) error {
		return s.withBody(c, func(body []byte) error { return s.takeBatch(c, array, body) })
	}
}

func (s *Server) takeBatch(c *call, array string, body []byte) error {
	envelope, err := wire.OpenEnvelope(body, array)
	if c.key.ID == "" {
		if err := s.admit(c, envelope.WriteKey, Write); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	batch, places := s.decode(c, envelope)
	if len(envelope.Items) == 0 {
		return s.receipt(c, Receipt{Success: true, Seq: s.Log.Head().Seq})
	}
	receipt, err := s.append(c, batch)
	if err != nil {
		return err
	}
	for _, r := range receipt.Rejected {
		r.Index = places[r.Index]
		batch.Rejected = append(batch.Rejected, r)
	}
	slices.SortFunc(batch.Rejected, func(a, b sessions.Rejected) int { return a.Index - b.Index })
	return s.receipt(c, Receipt{Success: true, Seq: receipt.Seq, Rejected: batch.Rejected})
}

// decode turns the items of an envelope into a batch, and returns the place of
// each event among the items.
func (s *Server) decode(c *call, envelope wire.Envelope) (batch sessions.Batch, places []int) {
	batch.Events = make([]*sessions.Event, 0, len(envelope.Items))
	places = make([]int, 0, len(envelope.Items))
	arrival := s.arrival(c, "", envelope.Sent)
	for i, item := range envelope.Items {
		e, rejected := s.Decoder.Item(i, item, arrival)
		if rejected != nil {
			batch.Rejected = append(batch.Rejected, *rejected)
			continue
		}
		batch.Events, places = append(batch.Events, e), append(places, i)
	}
	return batch, places
}

// arrival is what a request tells of its items beside their bodies. The machine
// that speaks with a secret key is the shop's own, so its address and browser are
// no shopper's.
func (s *Server) arrival(c *call, kind string, sent sessions.Millis) wire.Arrival {
	a := wire.Arrival{Type: kind, Received: c.received(), Sent: sent, Source: sessions.Backend}
	if c.history {
		a.Source = sessions.Imported
	}
	if c.key.Scope == Write {
		h := c.Request.Header
		a.Source = sessions.Browser
		a.Client = wire.Client{
			UserAgent: h.Get("User-Agent"), Address: c.ClientIP(),
			DoNotTrack: h.Get("DNT") == "1" || h.Get("Sec-GPC") == "1",
		}
	}
	return a
}
