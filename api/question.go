package api

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// codeInvalidParameter is the code of what is readable and cannot be asked for.
const codeInvalidParameter = "invalid_parameter"

const (
	batchedQuestions = 100 // requests in a batch
	toldMistakes     = 100 // mistakes that an answer lists
)

// question is one request of a batch, or what is wrong with it.
type question struct {
	recommend.Request
	mistakes []wire.FieldError
}

// questionForm reads requests for recommendations from a body, strictly, and collects
// the mistakes in them, each at its place.
type questionForm struct{ mistakes []wire.FieldError }

func (f *questionForm) fail(at, code, format string, values ...any) {
	if len(f.mistakes) < toldMistakes {
		f.mistakes = append(f.mistakes, wire.FieldError{Pointer: at, Code: code, Detail: fmt.Sprintf(format, values...)})
	}
}

// whole reads a body that is one request.
func (f *questionForm) whole(body []byte) recommend.Request {
	if !f.readable(body) {
		return recommend.Request{}
	}
	return f.question(bytes.TrimSpace(body), "")
}

// batch reads a body of several requests. Mistakes of the form are those of the batch
// itself: each request has its own.
func (f *questionForm) batch(body []byte) (questions []question) {
	if !f.readable(body) {
		return nil
	}
	has := false
	f.object(bytes.TrimSpace(body), "", func(key string, value []byte, at string) bool {
		if key != "requests" {
			return false
		}
		has, questions = true, nil // of several the last counts
		list, n := f.elements(value, at, batchedQuestions)
		if n > batchedQuestions {
			f.fail(at, wire.CodeTooLarge, "must have at most %d requests; these are %d", batchedQuestions, n)
		}
		for i, one := range list {
			var own questionForm
			q := own.question(one, at+"/"+strconv.Itoa(i))
			questions = append(questions, question{q, own.mistakes})
		}
		return true
	})
	if !has && len(f.mistakes) == 0 {
		f.fail("/requests", wire.CodeRequired, "may not be left out: it is the array of requests")
	}
	return questions
}

// readable reports whether a body is a JSON object.
func (f *questionForm) readable(body []byte) bool {
	if wire.Members(body, func(_, _ []byte) {}) {
		return true
	}
	f.fail("", wire.CodeInvalidJSON, "the body must be one JSON object")
	return false
}

// question reads one request.
func (f *questionForm) question(body []byte, at string) recommend.Request {
	q := recommend.Request{Context: recommend.Home, N: recommend.DefaultN}
	f.object(body, at, func(key string, value []byte, at string) bool {
		switch key {
		case "context":
			q.Context = recommend.Context(f.text(value, at))
		case "item":
			q.Item = sessions.ProductID(f.id(value, at))
		case "anonymous_id":
			q.Anonymous = sessions.AnonymousID(f.id(value, at))
		case "user_id":
			q.Customer = sessions.CustomerID(f.id(value, at))
		case "explain":
			q.Explain = f.truth(value, at)
		case "n":
			q.N = f.atMost(value, at)
		case "per_category":
			q.PerCategory = f.atMost(value, at)
		case "items":
			q.Items = f.products(value, at, recommend.MaximumTold)
		case "cart":
			q.Cart = f.products(value, at, recommend.MaximumTold)
		case "exclude":
			q.Exclude = f.products(value, at, recommend.MaximumExcluded)
		case "filter":
			q.Filter = f.filter(value, at)
		default:
			return false
		}
		return true
	})
	if len(f.mistakes) == 0 {
		for _, m := range q.Mistakes() {
			f.fail(at+"/"+m.Part, codeInvalidParameter, "%s", m.Reason)
		}
	}
	return q
}

// filter reads which products are wanted.
func (f *questionForm) filter(value []byte, at string) (filter recommend.Filter) {
	f.object(value, at, func(key string, value []byte, at string) bool {
		switch key {
		case "category":
			filter.Categories = f.texts(value, at, recommend.MaximumChoices)
		case "brand":
			filter.Brands = f.texts(value, at, recommend.MaximumChoices)
		case "tag":
			filter.Tags = f.texts(value, at, recommend.MaximumDemands)
		case "min_price":
			filter.MinimumPrice = f.price(value, at)
		case "max_price":
			filter.MaximumPrice = f.price(value, at)
		case "in_stock":
			if filter.InStock = string(value) == "true"; !filter.InStock {
				f.fail(at, codeInvalidParameter, "must be %s", inStockOnly)
			}
		case "attribute":
			filter.Attributes = f.attributes(value, at)
		default:
			return false
		}
		return true
	})
	return filter
}

// object reads an object. The field function says false for a field that there is not.
func (f *questionForm) object(value []byte, at string, field func(key string, value []byte, at string) bool) {
	if value[0] != '{' {
		f.mistyped(at, "an object", value)
		return
	}
	wire.Members(value, func(name, value []byte) {
		key := string(name)
		below := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		if !storable(key) {
			f.fail(below, wire.CodeInvalidText, "must not hold U+0000")
		} else if !field(key, value, below) {
			f.fail(below, wire.CodeUnknownField, "is no field that there is here")
		}
	})
}

// mistyped notes a value of another type than wanted.
func (f *questionForm) mistyped(at, want string, value []byte) {
	f.fail(at, wire.CodeInvalidType, "must be %s, not %.40s", want, value)
}
