package wire

import (
	"encoding/binary"
	"strconv"

	"cartwright/sessions"
)

// click is one row of the formats sessions and otto: what was done with an item
// in a session. It is comparable: equal clicks are equal rows.
type click struct {
	deed          deed
	session, item string
}

// clicks reads such rows and makes their events, time by time.
type clicks struct {
	collector *collector
	latest    sessions.Millis
	rows      *sorter
	id        func(at sessions.Millis, k click, n int) string // of the event of the n-th of equal clicks

	at     sessions.Millis
	moment []placedClick // all of one time
}

// placedClick is a click with the number of its file.
type placedClick struct {
	click
	file int
}

// readClicks reads the format sessions: SessionId, ItemId, Time in seconds since
// 1970, separated by tabs.
func readClicks(files []File, o Options, c *collector) error {
	s := &clicks{collector: c, latest: o.Latest, rows: newSorter(o), id: clickID}
	defer s.rows.close()
	err := readTables(files, c, func(f File) (*table, error) {
		return openTable(f, '\t', "SessionId", "ItemId", "Time")
	}, s.takeRow)
	if err != nil {
		return err
	}
	return s.emit()
}

// clickID returns the message id of a click of the format sessions.
func clickID(at sessions.Millis, k click, n int) string {
	return digest(k.session, k.item, strconv.FormatInt(int64(at), 10), strconv.Itoa(n))
}

// takeRow reads one row.
func (s *clicks) takeRow(file int, row [][]byte) (*refusal, error) {
	if r := known("SessionId", row[0]); r != nil {
		return r, nil
	}
	if r := known("ItemId", row[1]); r != nil {
		return r, nil
	}
	m, ok := seconds(row[2])
	if !ok {
		return refuse(CodeInvalidTime, "Time %.40q is not seconds since 1970", row[2]), nil
	}
	if r := past(m, s.latest); r != nil {
		return r, nil
	}
	return nil, s.take(m, placedClick{click{view, string(row[0]), string(row[1])}, file})
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

// take puts a click among those that wait to be sorted.
func (s *clicks) take(at sessions.Millis, k placedClick) error {
	text := make([]byte, 0, 64)
	text = append(text, byte(k.deed))
	text = binary.AppendUvarint(text, uint64(k.file))
	text = binary.AppendUvarint(text, uint64(len(k.session)))
	text = append(append(text, k.session...), k.item...)
	return s.rows.add(at, text)
}

// untake reads what take wrote.
func untake(text []byte) placedClick {
	k := placedClick{click: click{deed: deed(text[0])}}
	file, n := binary.Uvarint(text[1:])
	text = text[1+n:]
	length, n := binary.Uvarint(text)
	k.file, k.session, k.item = int(file), string(text[n:n+int(length)]), string(text[n+int(length):])
	return k
}

// emit makes the events of all clicks, in the order of their times.
func (s *clicks) emit() error {
	err := s.rows.each(func(at sessions.Millis, text []byte) error {
		if at != s.at {
			if err := s.emitMoment(); err != nil {
				return err
			}
		}
		s.at, s.moment = at, append(s.moment, untake(text))
		return nil
	})
	if err != nil {
		return err
	}
	return s.emitMoment()
}

// nthClick tells equal clicks apart: the same one may really happen twice.
type nthClick struct {
	click
	n int
}

// emitMoment makes the events of the clicks of one time. Equal rows of one file
// are numbered, and the n-th of one file is the n-th of another: files may overlap.
func (s *clicks) emitMoment() error {
	inFile := map[placedClick]int{}
	seen := map[nthClick]bool{}
	var distinct []nthClick
	bought := map[string][]string{} // items by session
	for _, k := range s.moment {
		nth := nthClick{k.click, inFile[k]}
		inFile[k]++
		if seen[nth] {
			s.collector.batch.Repeated++
			continue
		}
		seen[nth] = true
		distinct = append(distinct, nth)
		if k.deed == purchase {
			bought[k.session] = append(bought[k.session], k.item)
		}
	}
	s.moment = s.moment[:0]
	for _, k := range distinct {
		if err := s.emitClick(k, bought); err != nil {
			return err
		}
	}
	return nil
}

// emitClick makes the event of a click, or the order of all that its session
// bought at this time, once.
func (s *clicks) emitClick(k nthClick, bought map[string][]string) error {
	if k.deed == purchase {
		items := bought[k.session]
		delete(bought, k.session)
		if len(items) == 0 {
			return nil
		}
		return s.emitOrder(k.click, items)
	}
	e := s.event(k.click)
	e.MessageID = s.id(s.at, k.click, k.n)
	e.Lines = []sessions.Line{{Product: sessions.ProductID(k.item), Quantity: 1}}
	return s.collector.event(e, 1)
}

// emitOrder makes one order of what a session bought at one time.
func (s *clicks) emitOrder(k click, items []string) error {
	e := s.event(k)
	e.Order = sessions.OrderID(e.Session + "@" + strconv.FormatInt(int64(s.at), 10))
	e.MessageID = "order " + string(e.Order)
	for _, item := range items {
		e.Lines = addLine(e.Lines, sessions.Line{Product: sessions.ProductID(item), Quantity: 1})
	}
	return s.collector.event(e, len(items))
}

// event returns the event of a click without its products. The files know no
// shopper beyond the session, which so is the visitor too.
func (s *clicks) event(k click) *sessions.Event {
	return &sessions.Event{
		Occurred: s.at, Kind: k.deed.kind(),
		Payload: sessions.Payload{Anonymous: sessions.AnonymousID(k.session), Session: k.session},
	}
}
