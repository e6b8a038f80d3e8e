package wire

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"cartwright/sessions"
)

// shopping is the rows of REES46 files.
type shopping struct {
	options                         Options
	users, products, baskets, costs texts
	acts                            []act
}

// act is one row: what a user did with a product. Rows are the same if these
// are equal; the numbers are those of texts.
type act struct {
	time                         sessions.Millis
	user, product, session, cost uint32
	deed                         deed
}

// deed is the type of a row.
type deed uint8

const (
	done     deed = iota // has its event already, within an order
	repeated             // equals an earlier row
	view
	cart
	removal
	purchase
)

// kind returns the kind of event that a row of the type makes.
func (d deed) kind() sessions.Kind {
	switch d {
	case cart:
		return sessions.ProductAdded
	case removal:
		return sessions.ProductRemoved
	case purchase:
		return sessions.OrderCompleted
	}
	return sessions.ProductViewed
}

// readShopping reads the format rees46: event_time, event_type, product_id,
// price, user_id, user_session.
func readShopping(files []File, o Options, c *collector) error {
	s := &shopping{options: o}
	err := readTables(files, c, func(f File) (*table, error) {
		return openTable(f, ',', "event_time", "event_type", "product_id", "price", "user_id", "user_session")
	}, func(_ int, row [][]byte) (*refusal, error) { return s.take(row), nil })
	if err != nil {
		return err
	}
	slices.SortStableFunc(s.acts, func(a, b act) int { return cmp.Compare(a.time, b.time) })
	s.markRepeated()
	for i := range s.acts {
		if err := s.emit(i, c); err != nil {
			return err
		}
	}
	return nil
}

// take reads one row. A price that cannot be read makes the row no less an
// event: it happened, only without a known price.
func (s *shopping) take(row [][]byte) *refusal {
	a := act{}
	t, err := time.Parse("2006-01-02 15:04:05", strings.TrimSuffix(string(row[0]), " UTC"))
	var ok bool
	if a.time, ok = believable(sessions.MillisOf(t)); err != nil || !ok {
		return refuse(CodeInvalidTime, "event_time %.40q is not a time like 2022-10-01 00:00:00 UTC", row[0])
	}
	if r := past(a.time, s.options.Latest); r != nil {
		return r
	}
	switch string(row[1]) {
	case "view":
		a.deed = view
	case "cart":
		a.deed = cart
	case "remove_from_cart":
		a.deed = removal
	case "purchase":
		a.deed = purchase
	default:
		return refuse(CodeUnknownType, "event_type %.40q is none of view, cart, remove_from_cart and purchase", row[1])
	}
	if !isDecimalID(row[2]) {
		return refuse(CodeInvalidID, "product_id %.40q is no id", row[2])
	}
	if !isDecimalID(row[4]) {
		return refuse(CodeInvalidID, "user_id %.40q is no id", row[4])
	}
	// Some rows of the published files have no user_session, which only orders need.
	if len(row[5]) > maxID/2 {
		return refuse(CodeInvalidID, "user_session %.40q is no id", row[5])
	}
	a.product, a.cost = s.products.put(row[2]), s.costs.put(row[3])
	a.user, a.session = s.users.put(row[4]), s.baskets.put(row[5])
	s.acts = append(s.acts, a)
	return nil
}

// isDecimalID reports whether an id is a number of up to 20 digits, as all ids
// of the format are.
func isDecimalID(field []byte) bool {
	for _, c := range field {
		if !isDigit(c) {
			return false
		}
	}
	return len(field) > 0 && len(field) <= 20
}

// markRepeated marks the rows that equal an earlier one. Equal rows have the
// same time, so after sorting only runs of one time need comparing.
func (s *shopping) markRepeated() {
	seen := map[act]bool{}
	for i := range s.acts {
		if i > 0 && s.acts[i].time != s.acts[i-1].time {
			clear(seen)
		}
		a := s.acts[i]
		if seen[a] {
			s.acts[i].deed = repeated
		}
		seen[a] = true
	}
}

// emit makes the event of the row at i, unless another row's event covers it.
func (s *shopping) emit(i int, c *collector) error {
	a := s.acts[i]
	switch a.deed {
	case done:
		return nil
	case repeated:
		c.batch.Repeated++
		return nil
	case purchase:
		return s.emitOrder(i, c)
	}
	e := s.event(a)
	e.MessageID = digest(a.time.Time().Format(time.RFC3339), string(e.Kind), s.products.list[a.product], s.costs.list[a.cost],
		s.users.list[a.user], s.baskets.list[a.session])
	e.Lines = []sessions.Line{s.line(a)}
	return c.event(e, 1)
}

// emitOrder makes one order of the purchase at i and those that follow of the
// same user_session within the same clock minute. It stands where the first of
// them stands, and is known by session and minute.
func (s *shopping) emitOrder(i int, c *collector) error {
	first := s.acts[i]
	minute := first.time.Time().Truncate(time.Minute)
	end := sessions.MillisOf(minute.Add(time.Minute))
	e := s.event(first)
	rows := 0
	for j := i; j < len(s.acts) && s.acts[j].time < end; j++ {
		a := s.acts[j]
		if a.deed != purchase || !sameBasket(a, first, s.baskets.list[first.session] == "") {
			continue
		}
		s.acts[j].deed = done
		rows++
		e.Lines = addLine(e.Lines, s.line(a))
	}
	basket := s.baskets.list[first.session]
	if basket == "" {
		basket = s.users.list[first.user]
	}
	e.Order = sessions.OrderID(basket + "@" + minute.Format("2006-01-02T15:04Z"))
	e.MessageID = "order " + string(e.Order)
	e.Total = sum(e.Lines)
	return c.event(e, rows)
}

// sameBasket reports whether two purchases of a minute are one order: of one
// session, or where that is unknown of one user.
func sameBasket(a, b act, unknown bool) bool {
	return a.session == b.session && (!unknown || a.user == b.user)
}

// event returns the event of a row without its products.
func (s *shopping) event(a act) *sessions.Event {
	return &sessions.Event{
		Occurred: a.time, Kind: a.deed.kind(),
		Payload: sessions.Payload{Customer: sessions.CustomerID(s.users.list[a.user]), Currency: s.options.Currency},
	}
}

// line returns the product of a row.
func (s *shopping) line(a act) sessions.Line {
	l := sessions.Line{Product: sessions.ProductID(s.products.list[a.product]), Quantity: 1}
	places, _ := Exponent(s.options.Currency)
	if price, ok := amountOf([]byte(s.costs.list[a.cost]), places); ok {
		l.UnitPrice = &price
	}
	return l
}

// addLine adds l to lines: to the quantity of one with the same product and
// price, else as a further one.
func addLine(lines []sessions.Line, l sessions.Line) []sessions.Line {
	for i := range lines {
		if lines[i].Product == l.Product && lines[i].Variant == l.Variant && samePrice(lines[i].UnitPrice, l.UnitPrice) {
			lines[i].Quantity += l.Quantity
			return lines
		}
	}
	return append(lines, l)
}

// samePrice reports whether two prices are equal or both unknown.
func samePrice(a, b *int64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// sum returns what the lines are worth, nil unless every price is known.
func sum(lines []sessions.Line) *int64 {
	var total int64
	for _, l := range lines {
		if l.UnitPrice == nil {
			return nil
		}
		total += *l.UnitPrice * l.Quantity
	}
	return &total
}
