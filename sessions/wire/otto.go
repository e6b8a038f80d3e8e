package wire

import (
	"strconv"

	"cartwright/sessions"
)

// readSessionLines reads the format otto: in each line a session in JSON with its
// events, {"session":…,"events":[{"aid":…,"ts":…,"type":…}]}. Data rows are the
// events; a line that cannot be read is one.
func readSessionLines(files []File, o Options, c *collector) error {
	s := &clicks{collector: c, latest: o.Latest, rows: newSorter(o), id: func(at sessions.Millis, k click, n int) string {
		return digest(string(k.deed.kind()), k.session, k.item, strconv.FormatInt(int64(at), 10), strconv.Itoa(n))
	}}
	defer s.rows.close()
	err := readLines(files, func(i int, f File, l *lines) error {
		session, events, r := sessionLine(l.text)
		if r != nil {
			c.batch.Read++
			return c.reject(f.Name, l.number, l.text, r)
		}
		var failed error
		elements(events, func(event []byte) {
			if failed != nil {
				return
			}
			if failed = c.read(); failed != nil {
				return
			}
			at, k, r := s.sessionEvent(event)
			if r != nil {
				failed = c.reject(f.Name, l.number, event, r)
				return
			}
			k.session = session
			failed = s.take(at, placedClick{k, i})
		})
		return failed
	})
	if err != nil {
		return err
	}
	return s.emit()
}

// sessionLine reads the id and the array of events of a line.
func sessionLine(text []byte) (session string, events []byte, r *refusal) {
	if !storable(text) {
		return "", nil, refuse(CodeInvalidText, "not valid UTF-8, or U+0000 in it")
	}
	ok := members(text, func(key, value []byte) {
		switch string(key) {
		case "session":
			session = textOf(value)
		case "events":
			events = value
		}
	})
	if !ok {
		return "", nil, refuse(CodeInvalidJSON, "%s", noObject("the line", text))
	}
	if !isArray(events) {
		return "", nil, refuse(CodeInvalidJSON, "the line has no array events")
	}
	return session, events, known("session", []byte(session))
}

// sessionEvent reads one event of a line.
func (s *clicks) sessionEvent(event []byte) (at sessions.Millis, k click, r *refusal) {
	var aid, ts, kind []byte
	if !isObject(event) {
		return 0, k, refuse(CodeInvalidJSON, "the event %.40s is no object", event)
	}
	members(event, func(key, value []byte) {
		switch string(key) {
		case "aid":
			aid = value
		case "ts":
			ts = value
		case "type":
			kind = value
		}
	})
	switch textOf(kind) {
	case "clicks":
		k.deed = view
	case "carts":
		k.deed = cart
	case "orders":
		k.deed = purchase
	default:
		return 0, k, refuse(CodeUnknownType, "type %.40s is none of clicks, carts and orders", kind)
	}
	k.item = textOf(aid)
	if r := known("aid", []byte(k.item)); r != nil {
		return 0, k, r
	}
	at, ok := instantOf(ts)
	if !ok || at == 0 {
		return 0, k, refuse(CodeInvalidTime, "ts %.40s is not milliseconds or seconds since 1970", ts)
	}
	return at, k, past(at, s.latest)
}
