package wire

import (
	"cmp"
	"slices"
	"strconv"

	"cartwright/sessions"
)

// clicks is the rows of session files.
type clicks struct {
	latest          sessions.Millis
	sessions, items texts
	list            []click
}

// click is one row: an item was looked at in a session.
type click struct {
	time          sessions.Millis
	session, item uint32
	file          uint32
}

// occurrence tells equal rows apart: the same click may really happen twice.
type occurrence struct {
	session, item uint32
	number        uint32 // the file, or which of the equal rows of a file
}

// readClicks reads the format sessions: SessionId, ItemId, Time in seconds since
// 1970, separated by tabs.
func readClicks(files []File, o Options, c *collector) error {
	s := &clicks{latest: o.Latest}
	err := readTables(files, c, func(f File) (*table, error) {
		return openTable(f, '\t', "SessionId", "ItemId", "Time")
	}, s.take)
	if err != nil {
		return err
	}
	slices.SortStableFunc(s.list, func(a, b click) int { return cmp.Compare(a.time, b.time) })
	return s.emit(c)
}

// take reads one row.
func (s *clicks) take(file int, row [][]byte) *refusal {
	if r := known("SessionId", row[0]); r != nil {
		return r
	}
	if r := known("ItemId", row[1]); r != nil {
		return r
	}
	m, ok := seconds(row[2])
	if !ok {
		return refuse(CodeInvalidTime, "Time %.40q is not seconds since 1970", row[2])
	}
	if r := past(m, s.latest); r != nil {
		return r
	}
	s.list = append(s.list, click{time: m, session: s.sessions.put(row[0]), item: s.items.put(row[1]), file: uint32(file)})
	return nil
}

// seconds reads seconds since 1970 from their digits, to the millisecond.
func seconds(field []byte) (sessions.Millis, bool) {
	d, ok := parseDecimal(field)
	if !ok {
		return 0, false
	}
	v, ok := d.scaled(3)
	m, believed := believable(sessions.Millis(v))
	return m, ok && believed
}

// emit makes an event of each click. Equal rows of one file are numbered, and
// the n-th of one file is the n-th of another: files may overlap.
func (s *clicks) emit(c *collector) error {
	inFile := map[occurrence]uint32{}
	seen := map[occurrence]bool{}
	for i, k := range s.list {
		if i > 0 && k.time != s.list[i-1].time {
			clear(inFile)
			clear(seen)
		}
		from := occurrence{k.session, k.item, k.file}
		nth := occurrence{k.session, k.item, inFile[from]}
		inFile[from]++
		if seen[nth] {
			c.batch.Repeated++
			continue
		}
		seen[nth] = true
		if err := c.event(s.event(k, nth.number), 1); err != nil {
			return err
		}
	}
	return nil
}

// event returns the event of a click, the n-th of its equals. The file knows no
// shopper beyond the session, which so is the visitor too.
func (s *clicks) event(k click, n uint32) *sessions.Event {
	session, item := s.sessions.list[k.session], s.items.list[k.item]
	return &sessions.Event{
		Occurred: k.time, Kind: sessions.ProductViewed,
		Payload: sessions.Payload{
			MessageID: digest(session, item, strconv.FormatInt(int64(k.time), 10), strconv.Itoa(int(n))),
			Anonymous: sessions.AnonymousID(session),
			Session:   session,
			Lines:     []sessions.Line{{Product: sessions.ProductID(item), Quantity: 1}},
		},
	}
}
