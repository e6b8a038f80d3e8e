package api

import (
	"encoding/json"
	"slices"
	"strconv"

	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// elements reads the first elements of an array, up to a limit, and counts them all.
func (f *questionForm) elements(value []byte, at string, limit int) (list [][]byte, n int) {
	if value[0] != '[' {
		f.mistyped(at, "an array", value)
		return nil, 0
	}
	wire.Elements(value, func(one []byte) {
		if n++; n <= limit {
			list = append(list, one)
		}
	})
	return list, n
}

// listed reads an array that may have up to a limit of elements.
func (f *questionForm) listed(value []byte, at string, limit int, read func(one []byte, at string)) {
	list, n := f.elements(value, at, limit)
	if n > limit {
		f.fail(at, codeInvalidParameter, "must have at most %d entries; these are %d", limit, n)
		return
	}
	for i, one := range list {
		read(one, at+"/"+strconv.Itoa(i))
	}
}

// text reads a string.
func (f *questionForm) text(value []byte, at string) (text string) {
	if value[0] != '"' {
		f.mistyped(at, "a string", value)
		return ""
	}
	_ = json.Unmarshal(value, &text) // it was read already
	if !storable(text) {
		f.fail(at, wire.CodeInvalidText, "must not hold U+0000")
	}
	return text
}

// id reads an id: a string, or a number for its digits.
func (f *questionForm) id(value []byte, at string) string {
	if isNumber(value) {
		return string(value)
	}
	return f.text(value, at)
}

func isNumber(value []byte) bool { return value[0] == '-' || '0' <= value[0] && value[0] <= '9' }

// texts reads a string, or an array of strings.
func (f *questionForm) texts(value []byte, at string, limit int) (list []string) {
	switch value[0] {
	case '"':
		return []string{f.text(value, at)}
	case '[':
	default:
		f.mistyped(at, "a string, or an array of strings", value)
		return nil
	}
	f.listed(value, at, limit, func(one []byte, at string) { list = append(list, f.text(one, at)) })
	return list
}

// products reads an array of product ids.
func (f *questionForm) products(value []byte, at string, limit int) (list []sessions.ProductID) {
	f.listed(value, at, limit, func(one []byte, at string) { list = append(list, sessions.ProductID(f.id(one, at))) })
	return list
}

// atMost reads a number of items.
func (f *questionForm) atMost(value []byte, at string) int {
	n, err := strconv.Atoi(string(value))
	switch {
	case !isNumber(value):
		f.mistyped(at, "a number", value)
	case err != nil || n < 1 || n > recommend.MaximumN:
		f.fail(at, codeInvalidParameter, "must be a number from 1 to %d", recommend.MaximumN)
	}
	return n
}

// truth reads true or false.
func (f *questionForm) truth(value []byte, at string) bool {
	text := string(value)
	if text != "true" && text != "false" {
		f.mistyped(at, "true or false", value)
	}
	return text == "true"
}

// price reads a price.
func (f *questionForm) price(value []byte, at string) *int64 {
	n, err := strconv.ParseUint(string(value), 10, 63)
	switch {
	case !isNumber(value):
		f.mistyped(at, priceUnits, value)
	case err != nil:
		f.fail(at, codeInvalidParameter, "must be %s", priceUnits)
	}
	return new(int64(n))
}

// attributes reads what is demanded of attributes. Of several of a name the last counts.
func (f *questionForm) attributes(value []byte, at string) (list []recommend.Attribute) {
	f.object(value, at, func(name string, value []byte, at string) bool {
		list = slices.DeleteFunc(list, func(a recommend.Attribute) bool { return a.Name == name })
		list = append(list, recommend.Attribute{Name: name, Any: f.values(value, at)})
		if len(list) > recommend.MaximumDemands {
			list = list[:recommend.MaximumDemands+1] // enough to be refused
		}
		return true
	})
	return list
}

// values reads a value of an attribute, or an array of them.
func (f *questionForm) values(value []byte, at string) (list []recommend.Value) {
	if value[0] != '[' {
		return []recommend.Value{f.value(value, at)}
	}
	f.listed(value, at, recommend.MaximumChoices, func(one []byte, at string) { list = append(list, f.value(one, at)) })
	return list
}

// value reads a string, a number, true or false.
func (f *questionForm) value(value []byte, at string) recommend.Value {
	switch value[0] {
	case '"':
		return recommend.Text(f.text(value, at))
	case 't', 'f':
		return recommend.Truth(value[0] == 't')
	}
	number, ok := recommend.Number(string(value))
	switch {
	case !isNumber(value):
		f.mistyped(at, "a string, a number, true or false", value)
	case !ok:
		f.fail(at, codeInvalidParameter, "must be a number whose exponent is within a million")
	}
	return number
}
