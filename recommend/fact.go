package recommend

import (
	"encoding/json"
	"slices"
	"strings"
)

// fact is one value of one attribute of a product.
type fact struct {
	name string
	Value
}

// knownFacts is how many values are known of one product, the first that there are: so
// many can be asked of each of many products in an answer's time.
const knownFacts = 200

// factsOf lists what attributes say, as far as it can be asked for: texts, numbers,
// truths, and lists of such; of several of a name the last counts. Texts that are longer
// than a request may name are left out. Names and texts are parts of one string.
//
// Whole catalogs are read when the program starts, and encoding/json would take five
// times as long and hold twice as much.
func factsOf(attributes json.RawMessage) []fact {
	if !json.Valid(attributes) {
		return nil
	}
	fields := jsonWalk{rest: string(attributes)}
	if !fields.enter('{') {
		return nil
	}
	var room [32]fact // enough for most
	facts := room[:0]
	for fields.more('}') {
		name := unquoted(fields.value())
		fields.enter(':')
		value := fields.value()
		facts = slices.DeleteFunc(facts, func(f fact) bool { return f.name == name })
		if len(name) > longestText {
			continue
		}
		list := jsonWalk{rest: value}
		if !list.enter('[') {
			facts = appendFact(facts, name, value)
			continue
		}
		for list.more(']') {
			facts = appendFact(facts, name, list.value())
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return slices.Clone(facts)
}

func appendFact(facts []fact, name, value string) []fact {
	if v := valueOf(value); v.kind != noKind && len(facts) < knownFacts {
		return append(facts, fact{name, v})
	}
	return facts
}

// valueOf reads a valid JSON value.
func valueOf(text string) Value {
	switch text[0] {
	case '"':
		if text := unquoted(text); len(text) <= longestText {
			return Text(text)
		}
	case 't', 'f':
		return Truth(text[0] == 't')
	case 'n', '{', '[':
	default:
		if number, ok := Number(text); ok {
			return number
		}
	}
	return Value{}
}

// unquoted is the text of a valid JSON string.
func unquoted(quoted string) string {
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	return unescaped(quoted)
}

func unescaped(quoted string) (text string) {
	_ = json.Unmarshal([]byte(quoted), &text) // it is valid
	return text
}

// jsonWalk goes through valid JSON from left to right.
type jsonWalk struct{ rest string }

func (w *jsonWalk) space() { w.rest = strings.TrimLeft(w.rest, " \t\r\n") }

// enter passes a character if it comes next.
func (w *jsonWalk) enter(c byte) bool {
	w.space()
	if w.rest == "" || w.rest[0] != c {
		return false
	}
	w.rest = w.rest[1:]
	return true
}

// more reports whether another value comes before the closing bracket, and passes the
// comma before it.
func (w *jsonWalk) more(closing byte) bool {
	if w.enter(closing) {
		return false
	}
	w.enter(',')
	return true
}

// value passes a value and returns it as it stands.
func (w *jsonWalk) value() string {
	w.space()
	end := 0
	switch w.rest[0] {
	case '"':
		end = endOfText(w.rest)
	case '{', '[':
		end = endOfNested(w.rest)
	default:
		if end = strings.IndexAny(w.rest, ",]} \t\r\n"); end < 0 {
			end = len(w.rest)
		}
	}
	value := w.rest[:end]
	w.rest = w.rest[end:]
	return value
}

// endOfText is where the string ends that a text begins with.
func endOfText(text string) int {
	for i := 1; ; i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
}

// endOfNested is where the object or array ends that a text begins with.
func endOfNested(text string) int {
	depth := 0
	for i := 0; ; {
		switch text[i] {
		case '"':
			i += endOfText(text[i:])
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if i++; depth == 0 {
			return i
		}
	}
}
