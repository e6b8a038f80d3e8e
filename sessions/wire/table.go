package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"cartwright/sessions"
)

// maxLine is the longest line read; the rest of a longer one is skipped.
const maxLine = 1 << 20

// lines reads the lines of a file, whatever ends them, without a byte order
// mark and without blank ones.
type lines struct {
	name   string
	reader *bufio.Reader
	number int // of the line read last, from 1
	text   []byte
}

func newLines(f File) *lines {
	return &lines{name: f.Name, reader: bufio.NewReaderSize(f.Reader, 1<<16)}
}

// next returns the next line, valid until the following call, or [io.EOF].
func (l *lines) next() ([]byte, error) {
	for {
		err := l.readLine()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %s, line %d: %w", l.name, l.number, err)
		}
		if len(bytes.TrimSpace(l.text)) > 0 {
			return l.text, nil
		}
		if err != nil {
			return nil, io.EOF
		}
	}
}

// readLine reads up to the end of a line. At the end of the file it returns
// [io.EOF], with the last line if that has no end of its own.
func (l *lines) readLine() error {
	l.text = l.text[:0]
	l.number++
	for {
		part, err := l.reader.ReadSlice('\n')
		if room := maxLine - len(l.text); len(part) > room {
			part = part[:room]
		}
		l.text = append(l.text, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		l.text = bytes.TrimRight(l.text, "\r\n")
		if l.number == 1 {
			l.text = bytes.TrimPrefix(l.text, []byte("\uFEFF"))
		}
		return err
	}
}

// table reads rows of fields whose first line names them.
type table struct {
	lines     *lines
	separator byte
	header    int   // how many fields the header names
	columns   []int // where the wanted fields stand
	fields    [][]byte
	wanted    [][]byte
}

// openTable reads the header and finds the wanted columns in it, each by any of
// its names, which are separated by |.
func openTable(f File, separator byte, columns ...string) (*table, error) {
	t := &table{lines: newLines(f), separator: separator}
	text, err := t.lines.next()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: the file is empty, without a header", f.Name)
	}
	if err != nil {
		return nil, err
	}
	t.split(text)
	t.header = len(t.fields)
	for _, names := range columns {
		at := t.find(names)
		if at < 0 {
			return nil, fmt.Errorf("read %s: the header has no column %s", f.Name, strings.ReplaceAll(names, "|", " or "))
		}
		t.columns = append(t.columns, at)
	}
	return t, nil
}

// find returns the place of the column with one of the names, -1 for none. Case,
// spaces and underscores do not matter.
func (t *table) find(names string) int {
	simple := strings.NewReplacer(" ", "", "_", "")
	for i, field := range t.fields {
		for name := range strings.SplitSeq(names, "|") {
			if strings.EqualFold(simple.Replace(string(field)), simple.Replace(name)) {
				return i
			}
		}
	}
	return -1
}

// next returns the wanted fields of the next row, valid until the following
// call, or why the row cannot be read. The error is [io.EOF] at the end.
func (t *table) next() ([][]byte, *refusal, error) {
	text, err := t.lines.next()
	if err != nil {
		return nil, nil, err
	}
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, refuse(CodeInvalidText, "not valid UTF-8, or U+0000 in it"), nil
	}
	if !t.split(text) {
		return nil, refuse(CodeFewerFields, "a quoted field does not end"), nil
	}
	if len(t.fields) < t.header {
		return nil, refuse(CodeFewerFields, "%d fields; the header names %d", len(t.fields), t.header), nil
	}
	t.wanted = t.wanted[:0]
	for _, at := range t.columns {
		t.wanted = append(t.wanted, bytes.TrimSpace(t.fields[at]))
	}
	return t.wanted, nil, nil
}

// split cuts a line into fields and reports whether its quotes end. Only comma
// separated fields are quoted, and only within their line.
func (t *table) split(text []byte) bool {
	t.fields = t.fields[:0]
	for {
		if t.separator == ',' && len(text) > 0 && text[0] == '"' {
			field, rest, ok := quotedField(text)
			if !ok {
				return false
			}
			t.fields, text = append(t.fields, field), rest
			if len(text) == 0 {
				return true
			}
			text = text[1:]
			continue
		}
		end := bytes.IndexByte(text, t.separator)
		if end < 0 {
			t.fields = append(t.fields, text)
			return true
		}
		t.fields, text = append(t.fields, text[:end]), text[end+1:]
	}
}

// quotedField returns the field that a line begins with, a doubled quote in it
// made one, and the rest from its separator on.
func quotedField(text []byte) (field, rest []byte, ok bool) {
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if i+1 == len(text) || text[i+1] == ',' {
			return bytes.ReplaceAll(text[1:i], []byte(`""`), []byte(`"`)), text[i+1:], true
		}
		if text[i+1] == '"' {
			i++
		}
	}
	return nil, nil, false
}

// readLines calls take with each line of all files, and the number of its file.
func readLines(files []File, take func(file int, f File, l *lines) error) error {
	for i, f := range files {
		l := newLines(f)
		for {
			_, err := l.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if err := take(i, f, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// readTables reads all rows of all files, hands each to take with the number
// of its file, and rejects those that cannot be read or that take refuses.
func readTables(files []File, c *collector, open func(File) (*table, error), take func(file int, row [][]byte) (*refusal, error)) error {
	for i, f := range files {
		t, err := open(f)
		if err != nil {
			return err
		}
		for {
			row, r, err := t.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if err := c.read(); err != nil {
				return err
			}
			if r == nil {
				r, err = take(i, row)
			}
			if err != nil {
				return err
			}
			if r == nil {
				continue
			}
			if err := c.reject(f.Name, t.lines.number, t.lines.text, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// texts keeps each distinct text once and numbers them from 0.
type texts struct {
	numbers map[string]uint32
	list    []string
}

// put returns the number of a text.
func (t *texts) put(text []byte) uint32 {
	if n, ok := t.numbers[string(text)]; ok {
		return n
	}
	if t.numbers == nil {
		t.numbers = map[string]uint32{}
	}
	n := uint32(len(t.list))
	s := string(text)
	t.numbers[s], t.list = n, append(t.list, s)
	return n
}

// known reads an id of a row: not empty and not too long.
func known(column string, field []byte) *refusal {
	if len(field) == 0 || len(field) > maxID {
		return refuse(CodeInvalidID, "%s %.40q is no id", column, field)
	}
	return nil
}

// past refuses times that are later than the limit, unless that is 0.
func past(m, latest sessions.Millis) *refusal {
	if latest != 0 && m > latest {
		return refuse(CodeInvalidTime, "the time %s lies in the future", m.Time().Format("2006-01-02T15:04:05Z"))
	}
	return nil
}
