package api

import (
	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// codeInvalidParameter is the code of what is readable and cannot be asked for.
const codeInvalidParameter = "invalid_parameter"

// batchedQuestions is how many requests there may be in a batch.
const batchedQuestions = 100

// question is one request of a batch, or what is wrong with it.
type question struct {
	recommend.Request
	mistakes []wire.FieldError
}

// questionForm reads requests for recommendations from a body.
type questionForm struct{ wire.Form }

// whole reads a body that is one request.
func (f *questionForm) whole(body []byte) recommend.Request {
	q := newQuestion()
	f.Body(body, f.fields(&q))
	f.check(&q, "")
	return q
}

// batch reads a body of several requests. Mistakes of the form are those of the batch
// itself: each request has its own.
func (f *questionForm) batch(body []byte) (questions []question) {
	has := false
	f.Body(body, func(key string, value []byte, at string) bool {
		if key != "requests" {
			return false
		}
		has, questions = true, nil // of several the last counts
		f.Array(value, at, batchedQuestions, func(one []byte, at string) {
			var own questionForm
			q := own.question(one, at)
			questions = append(questions, question{q, own.Errors})
		})
		return true
	})
	if !has && len(f.Errors) == 0 {
		f.Fail("/requests", wire.CodeRequired, "may not be left out: it is the array of requests")
	}
	return questions
}

func newQuestion() recommend.Request {
	return recommend.Request{Context: recommend.Home, N: recommend.DefaultN}
}

// question reads one request of a batch.
func (f *questionForm) question(value []byte, at string) recommend.Request {
	q := newQuestion()
	f.Object(value, at, f.fields(&q))
	f.check(&q, at)
	return q
}

// check notes what is wrong with a request that could be read.
func (f *questionForm) check(q *recommend.Request, at string) {
	if len(f.Errors) > 0 {
		return
	}
	for _, m := range q.Mistakes() {
		f.Fail(at+"/"+m.Part, codeInvalidParameter, "%s", m.Reason)
	}
}

// fields reads the fields of a request into it.
func (f *questionForm) fields(q *recommend.Request) func(key string, value []byte, at string) bool {
	return func(key string, value []byte, at string) bool {
		switch key {
		case "context":
			q.Context = recommend.Context(f.Text(value, at))
		case "item":
			q.Item = sessions.ProductID(f.id(value, at))
		case "anonymous_id":
			q.Anonymous = sessions.AnonymousID(f.id(value, at))
		case "user_id":
			q.Customer = sessions.CustomerID(f.id(value, at))
		case "explain":
			q.Explain = f.Flag(value, at)
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
	}
}

// filter reads which products are wanted.
func (f *questionForm) filter(value []byte, at string) (filter recommend.Filter) {
	f.Object(value, at, func(key string, value []byte, at string) bool {
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
				f.Fail(at, codeInvalidParameter, "must be %s", inStockOnly)
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
