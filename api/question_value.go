package api

import (
	"slices"
	"strconv"

	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// id reads an id: a string, or a number for its digits.
func (f *questionForm) id(value []byte, at string) string {
	if wire.IsNumber(value) {
		return string(value)
	}
	return f.Text(value, at)
}

// texts reads a string, or an array of strings.
func (f *questionForm) texts(value []byte, at string, limit int) (list []string) {
	switch value[0] {
	case '"':
		return []string{f.Text(value, at)}
	case '[':
		f.Array(value, at, limit, func(one []byte, at string) { list = append(list, f.Text(one, at)) })
	default:
		f.Mistyped(at, "a string, or an array of strings", value)
	}
	return list
}

// products reads an array of product ids.
func (f *questionForm) products(value []byte, at string, limit int) (list []sessions.ProductID) {
	f.Array(value, at, limit, func(one []byte, at string) { list = append(list, sessions.ProductID(f.id(one, at))) })
	return list
}

// atMost reads a number of items.
func (f *questionForm) atMost(value []byte, at string) int {
	n, err := strconv.Atoi(string(value))
	switch {
	case !wire.IsNumber(value):
		f.Mistyped(at, "a number", value)
	case err != nil || n < 1 || n > recommend.MaximumN:
		f.Fail(at, codeInvalidParameter, "must be a number from 1 to %d", recommend.MaximumN)
	}
	return n
}

// price reads a price.
func (f *questionForm) price(value []byte, at string) *int64 {
	n, err := strconv.ParseUint(string(value), 10, 63)
	switch {
	case !wire.IsNumber(value):
		f.Mistyped(at, priceUnits, value)
	case err != nil:
		f.Fail(at, codeInvalidParameter, "must be %s", priceUnits)
	}
	return new(int64(n))
}

// attributes reads what is demanded of attributes. Of several of a name the last counts.
func (f *questionForm) attributes(value []byte, at string) (list []recommend.Attribute) {
	f.Object(value, at, func(name string, value []byte, at string) bool {
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
	f.Array(value, at, recommend.MaximumChoices, func(one []byte, at string) { list = append(list, f.value(one, at)) })
	return list
}

// value reads a string, a number, true or false.
func (f *questionForm) value(value []byte, at string) recommend.Value {
	switch value[0] {
	case '"':
		return recommend.Text(f.Text(value, at))
	case 't', 'f':
		return recommend.Truth(value[0] == 't')
	}
	number, ok := recommend.Number(string(value))
	switch {
	case !wire.IsNumber(value):
		f.Mistyped(at, "a string, a number, true or false", value)
	case !ok:
		f.Fail(at, codeInvalidParameter, "must be a number whose exponent is within a million")
	}
	return number
}
