package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// invoice is one sale of the bundled sample.
type invoice struct {
	number   string
	customer string
	lines    []invoiceLine
}

type invoiceLine struct {
	code, name string
	quantity   int64
	pence      int64
}

// The columns of the sample that the tour reads.
const (
	columnInvoice, columnCode, columnName, columnQuantity = 0, 1, 2, 3
	columnPrice, columnCustomer                           = 5, 6
)

// splitSample cuts the sample in two: the file without its last n invoices, and
// those invoices.
func splitSample(sample io.Reader, n int) (history []byte, last []invoice, err error) {
	rows, err := csv.NewReader(sample).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("read the sample: %w", err)
	}
	if len(rows) < 2 {
		return nil, nil, errors.New("the sample is empty")
	}
	cut := len(rows)
	for seen := 0; cut > 1; cut-- {
		if number := rows[cut-1][columnInvoice]; len(last) == 0 || last[0].number != number {
			if seen++; seen > n {
				break
			}
			last = append([]invoice{{number: number, customer: rows[cut-1][columnCustomer]}}, last...)
		}
		line, err := lineOf(rows[cut-1])
		if err != nil {
			return nil, nil, fmt.Errorf("row %d of the sample: %w", cut, err)
		}
		last[0].lines = append([]invoiceLine{line}, last[0].lines...)
	}
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(rows[:cut]); err != nil {
		return nil, nil, fmt.Errorf("write the history: %w", err)
	}
	return out.Bytes(), last, nil
}

func lineOf(row []string) (invoiceLine, error) {
	quantity, err := strconv.ParseInt(row[columnQuantity], 10, 64)
	if err != nil {
		return invoiceLine{}, err
	}
	pence, err := pence(row[columnPrice])
	return invoiceLine{row[columnCode], row[columnName], quantity, pence}, err
}

// pence reads a price such as 6.95 or 12.5.
func pence(price string) (int64, error) {
	pounds, rest, _ := strings.Cut(price, ".")
	if len(rest) > 2 {
		return 0, fmt.Errorf("price %q has more than two decimals", price)
	}
	return strconv.ParseInt(pounds+rest+"00"[:2-len(rest)], 10, 64)
}

// value is what the invoice comes to, in pence.
func (i invoice) value() int64 {
	total := int64(0)
	for _, line := range i.lines {
		total += line.quantity * line.pence
	}
	return total
}

// pounds writes pence as people do.
func pounds(pence int64) string {
	return fmt.Sprintf("£%s.%02d", thousands(pence/100), pence%100)
}

// thousands writes a number with commas.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// mostCounted returns the n products that occur most often, ties by code.
func mostCounted(count map[string]int, products map[string]invoiceLine, n int) []invoiceLine {
	codes := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	found := make([]invoiceLine, 0, n)
	for _, code := range codes[:min(n, len(codes))] {
		found = append(found, products[code])
	}
	return found
}
