package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"cartwright/sessions"
)

// invoices is the rows of Online Retail files, in British pounds.
type invoices struct {
	latest                                    sessions.Millis
	numbers, codes, names, customers, nations texts
	named                                     map[uint32]uint32 // code: name told last
	told                                      map[entry]int     // how often an entry was told
}

// invoiceRow is one line of an invoice. Equal lines of an invoice are real: they
// add up. The numbers are those of texts.
type invoiceRow struct {
	time                                  sessions.Millis
	price                                 int64 // pence
	quantity                              int32 // units sold, or given back by a refund
	number, code, name, customer, country uint32
}

// entry is a product under a name.
type entry struct{ code, name uint32 }

// fileRow is a row with its file.
type fileRow struct {
	invoiceRow
	file int
}

// readInvoices reads the format online-retail: invoice, stock_code,
// description, quantity, invoice_date, price_gbp, customer_id, country; or with the names of the
// original spreadsheet.
func readInvoices(files []File, o Options, c *collector) error {
	s := &invoices{latest: o.Latest, named: map[uint32]uint32{}, told: map[entry]int{}}
	var rows []fileRow
	err := readTables(files, c, func(f File) (*table, error) {
		return openTable(f, ',', "invoice|invoice_no", "stock_code", "description", "quantity", "invoice_date",
			"price_gbp|price|unit_price", "customer_id", "country")
	}, func(file int, row [][]byte) (*refusal, error) {
		r, refused := s.take(row)
		if refused == nil {
			rows = append(rows, fileRow{r, file})
		}
		return refused, nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b fileRow) int { return cmp.Compare(a.time, b.time) })
	return s.emit(rows, c)
}

// take reads one row.
func (s *invoices) take(row [][]byte) (invoiceRow, *refusal) {
	var l invoiceRow
	number, code := bytes.ToUpper(row[0]), bytes.ToUpper(row[1])
	if r := known("invoice", number); r != nil {
		return l, r
	}
	if len(code) > maxID || !startsWithFiveDigits(code) {
		return l, refuse(CodeInvalidID, "stock_code %.40q does not begin with five digits: it is no product", code)
	}
	t, err := time.Parse("2006-01-02 15:04:05", string(row[4]))
	var ok bool
	if l.time, ok = believable(sessions.MillisOf(t.Truncate(time.Minute))); err != nil || !ok {
		return l, refuse(CodeInvalidTime, "invoice_date %.40q is not a time like 2009-12-01 07:45:00", row[4])
	}
	if r := past(l.time, s.latest); r != nil {
		return l, r
	}
	if l.quantity, ok = units(row[3], isRefund(number)); !ok {
		return l, refuse(CodeInvalidQuantity, "quantity %.40q: a sale has a positive integer, a refund a negative one", row[3])
	}
	price, ok := parseDecimal(row[5])
	if !ok || price.negative || price.n == 0 {
		return l, refuse(CodeInvalidAmount, "the price %.40q is not above 0", row[5])
	}
	if l.price, ok = price.scaled(2); !ok || l.price > maxAmount {
		return l, refuse(CodeInvalidAmount, "the price %.40q is beyond belief", row[5])
	}
	if len(row[6]) > maxID {
		return l, refuse(CodeInvalidID, "customer_id %.40q is too long", row[6])
	}
	l.number, l.code, l.name = s.numbers.put(number), s.codes.put(code), s.names.put(row[2])
	l.customer, l.country = s.customers.put(row[6]), s.nations.put(row[7])
	return l, nil
}

// startsWithFiveDigits tells the codes of goods from those of postage, samples and
// bank charges.
func startsWithFiveDigits(code []byte) bool {
	return len(code) >= 5 && !slices.ContainsFunc(code[:5], func(c byte) bool { return !isDigit(c) })
}

// isRefund reports whether an invoice, in upper case, takes back another.
func isRefund[T string | []byte](number T) bool { return len(number) > 0 && number[0] == 'C' }

// units reads a quantity: above 0 in a sale, below it in a refund.
func units(field []byte, refund bool) (int32, bool) {
	d, ok := parseDecimal(field)
	if !ok {
		return 0, false
	}
	v, ok := d.whole()
	if refund {
		v = -v
	}
	return int32(v), ok && v > 0 && v <= maxQuantity
}

// emit makes one event of each invoice, at its first minute.
func (s *invoices) emit(rows []fileRow, c *collector) error {
	lines := make([][]fileRow, len(s.numbers.list))
	for _, r := range rows {
		lines[r.number] = append(lines[r.number], r)
	}
	for _, r := range rows {
		own := lines[r.number]
		if own == nil {
			continue
		}
		lines[r.number] = nil
		distinct := s.distinct(own)
		c.batch.Repeated += len(own) - len(distinct)
		if err := s.emitInvoice(distinct, c); err != nil {
			return err
		}
	}
	return nil
}

// distinct returns the lines of one invoice without those that another file has
// as well: the n-th of equal lines in one file is the n-th in another.
func (s *invoices) distinct(own []fileRow) []invoiceRow {
	type nth struct {
		invoiceRow
		n int
	}
	inFile := map[fileRow]int{}
	seen := map[nth]bool{}
	var rows []invoiceRow
	for _, r := range own {
		k := nth{r.invoiceRow, inFile[r]}
		inFile[r]++
		if !seen[k] {
			seen[k] = true
			rows = append(rows, r.invoiceRow)
		}
	}
	return rows
}

// emitInvoice makes the order or refund of one invoice, after what it tells of
// products.
func (s *invoices) emitInvoice(rows []invoiceRow, c *collector) error {
	number := s.numbers.list[rows[0].number]
	e := &sessions.Event{
		Occurred: rows[0].time, Kind: sessions.OrderCompleted,
		Payload: sessions.Payload{
			MessageID: "invoice " + number, Session: number, Order: sessions.OrderID(number), Currency: "GBP",
		},
	}
	if isRefund(number) {
		e.Kind = sessions.OrderRefunded
	}
	for _, r := range rows {
		if e.Customer == "" {
			e.Customer = sessions.CustomerID(s.customers.list[r.customer])
		}
		price := r.price
		e.Lines = addLine(e.Lines, sessions.Line{
			Product: sessions.ProductID(s.codes.list[r.code]), Quantity: int64(r.quantity), UnitPrice: &price,
		})
		if err := s.emitProduct(r, e.Kind, rows[0].time, c); err != nil {
			return err
		}
	}
	if e.Customer == "" {
		e.Anonymous = sessions.AnonymousID(number)
	}
	e.Total = sum(e.Lines)
	e.Properties = countryProperty(s.nations.list[rows[0].country])
	return c.event(e, len(rows))
}

// emitProduct tells the catalog of a product's name and price, when a sale gives
// it a name other than the one told last.
func (s *invoices) emitProduct(r invoiceRow, k sessions.Kind, at sessions.Millis, c *collector) error {
	name := s.names.list[r.name]
	if last, ok := s.named[r.code]; k != sessions.OrderCompleted || name == "" || ok && last == r.name {
		return nil
	}
	s.named[r.code] = r.name
	// A name may come back. Its id counts how often it was told, and leaves out when
	// and at which price, so that a part of a file tells nothing that the whole did not.
	told := entry{r.code, r.name}
	n := s.told[told]
	s.told[told]++
	price := r.price
	code := s.codes.list[r.code]
	return c.event(&sessions.Event{
		Occurred: at, Kind: sessions.ProductUpdated,
		Payload: sessions.Payload{
			MessageID: digest("product", code, name, strconv.Itoa(n)),
			Product:   &sessions.Product{ID: sessions.ProductID(code), Name: name, Price: &price, Currency: "GBP"},
		},
	}, 0)
}

// countryProperty returns the country, as the file names it, as a property.
func countryProperty(country string) json.RawMessage {
	if country == "" {
		return nil
	}
	// A struct of one string cannot fail to be written.
	body, _ := json.Marshal(struct {
		Country string `json:"country"`
	}{country})
	return body
}
