package wire

import (
	"cartwright/sessions"
)

// readItems reads the format segment: one item of the Segment API in each line,
// as archives and exports of it have them. Lines are decoded twice, first for
// their times and then for their events: what waits to be sorted is the line as it
// stands.
func readItems(files []File, o Options, c *collector) error {
	d := Decoder{Currency: o.Currency}
	timesOnly := Options{Latest: o.Latest}
	rows := newSorter(o)
	defer rows.close()
	err := readLines(files, func(_ int, f File, l *lines) error {
		if err := c.read(); err != nil {
			return err
		}
		e, r := d.archived(l.text, timesOnly)
		if r != nil {
			return c.reject(f.Name, l.number, l.text, r)
		}
		return rows.add(e.Occurred, l.text)
	})
	if err != nil {
		return err
	}
	return rows.each(func(_ sessions.Millis, text []byte) error {
		e, r := d.archived(text, o)
		if r != nil {
			return r // it was none before
		}
		return c.event(e, 1)
	})
}

// archived turns a line of an archive into an event of its own time: when it
// happened, corrected by the sender's clock where the archive says when it sent
// and when that was received.
func (d *Decoder) archived(text []byte, o Options) (*sessions.Event, *refusal) {
	var it item
	a := Arrival{Received: lastInstant, Source: sessions.Imported}
	e, r := d.item(&it, text, a)
	if r != nil {
		return nil, r
	}
	received, ok := instantOf(it.receivedAt)
	switch {
	case !ok:
		return nil, refuse(CodeInvalidTime, "receivedAt %.40s is %s", it.receivedAt, instantForm)
	case received == 0 && e.Original == 0:
		return nil, refuse(CodeInvalidTime, "the item has neither timestamp nor receivedAt")
	case received == 0:
		e.Occurred = e.Original
	default:
		e.Occurred = occurred(e.Original, e.Sent, received)
	}
	if r := past(e.Occurred, o.Latest); r != nil {
		return nil, r
	}
	if e.MessageID == "" {
		e.MessageID = digest(string(text))
	}
	e.Received = e.Occurred
	d = &Decoder{Enrich: o.Enrich}
	d.enrich(e, &it.surroundings, a)
	return e, nil
}
