package wire

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// allLines reads all lines with their numbers.
func allLines(t *testing.T, r io.Reader) string {
	t.Helper()
	l := newLines(File{"x", r})
	var list []string
	for {
		text, err := l.next()
		if errors.Is(err, io.EOF) {
			return strings.Join(list, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%d:%s", l.number, text))
	}
}

func TestLines(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"\n\r\n \n":             "",
		"a":                     "1:a",
		"a\nb\n":                "1:a 2:b",
		"a\r\nb\r\n":            "1:a 2:b",
		"\uFEFFa\n\uFEFFb":      "1:a 2:\uFEFFb",
		"\n\na\n\n\nb":          "3:a 6:b",
		"\uFEFF\na":             "2:a",
		"a\rb":                  "1:a\rb",
		strings.Repeat("x", 10): "1:xxxxxxxxxx",
	} {
		if got := allLines(t, strings.NewReader(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got := allLines(t, iotest.OneByteReader(strings.NewReader(in))); got != want {
			t.Errorf("%q byte by byte: %q, want %q", in, got, want)
		}
	}
}

func TestLinesAreBounded(t *testing.T) {
	l := newLines(text("x", strings.Repeat("y", 3*maxLine)+"\nz"))
	first, err := l.next()
	if err != nil || len(first) != maxLine {
		t.Errorf("a long line: %d bytes, %v", len(first), err)
	}
	if next, err := l.next(); err != nil || string(next) != "z" || l.number != 2 {
		t.Errorf("the line after it: %q as number %d, %v", next, l.number, err)
	}
}

// TestSplitAgreesWithCSV writes any fields as a line and reads them back.
func TestSplitAgreesWithCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOfN(rapid.StringMatching(`[a,"; é]{0,6}`), 1, 6).Draw(t, "fields")
		var line strings.Builder
		w := csv.NewWriter(&line)
		if err := w.Write(fields); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		tab := table{separator: ','}
		if !tab.split([]byte(strings.TrimSuffix(line.String(), "\n"))) {
			t.Fatalf("%q: the quotes do not end", line.String())
		}
		var got []string
		for _, f := range tab.fields {
			got = append(got, string(f))
		}
		if !slices.Equal(got, fields) {
			t.Errorf("%q: %q, want %q", line.String(), got, fields)
		}
	})
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		separator byte
		in, want  string
	}{
		{',', ``, `[""]`},
		{',', `a,,`, `["a" "" ""]`},
		{',', `"a",`, `["a" ""]`},
		{',', `a"b,c`, `["a\"b" "c"]`},
		{',', `"a""",b`, `["a\"" "b"]`},
		{',', `"a,b`, `unended`},
		{',', `"a"b`, `unended`},
		{'\t', "\"a\tb\"", `["\"a" "b\""]`},
	} {
		tab := table{separator: c.separator}
		got := "unended"
		if tab.split([]byte(c.in)) {
			got = fmt.Sprintf("%q", tab.fields)
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
	}
}

func TestHeaderNamesColumnsLoosely(t *testing.T) {
	for _, header := range []string{"customer_id,Price", "Customer ID,price_gbp", `"CUSTOMERID","PRICE GBP"`, "x,customerId,y,Price"} {
		tab, err := openTable(text("f", header+"\n"), ',', "price_gbp|price", "customer_id")
		if err != nil {
			t.Errorf("%s: %v", header, err)
			continue
		}
		if _, _, err := tab.next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v after the header", header, err)
		}
	}
	_, err := openTable(text("f.csv", "customer,price\n"), ',', "price_gbp|price", "customer_id|customer no")
	if err == nil || err.Error() != "read f.csv: the header has no column customer_id or customer no" {
		t.Errorf("a header without the column: %v", err)
	}
}

func TestTextsAreKeptOnce(t *testing.T) {
	var s texts
	var numbers []uint32
	for _, word := range []string{"a", "", "b", "a", ""} {
		numbers = append(numbers, s.put([]byte(word)))
	}
	if !slices.Equal(numbers, []uint32{0, 1, 2, 0, 1}) || !slices.Equal(s.list, []string{"a", "", "b"}) {
		t.Errorf("numbers %v of %q", numbers, s.list)
	}
}
