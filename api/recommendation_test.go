package api_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cartwright/api"
	"cartwright/recommend"
	"cartwright/sessions"
)

func TestQuestions(t *testing.T) {
	attribute := func(name string, values ...recommend.Value) recommend.Filter {
		return recommend.Filter{Attributes: []recommend.Attribute{{Name: name, Any: values}}}
	}
	for query, want := range map[string]recommend.Request{
		"?anonymous_id=a":                                     {Context: "home", Anonymous: "a", N: 10},
		"?context=product&item=mug&n=3":                       {Context: "product", Item: "mug", N: 3},
		"?context=cart&user_id=u&anonymous_id=a":              {Context: "cart", Anonymous: "a", Customer: "u", N: 10},
		"?context=home&n=100&item=m%26m&colour=red":           {Context: "home", Item: "m&m", N: 100},
		"?context=email&per_category=2":                       {Context: "email", PerCategory: 2, N: 10},
		"?category=a&brand=b&category=c&tag=x&tag=y":          home(recommend.Filter{Categories: []string{"a", "c"}, Brands: []string{"b"}, Tags: []string{"x", "y"}}),
		"?min_price=5&max_price=0900&min_price=7":             home(recommend.Filter{MinimumPrice: new(int64(5)), MaximumPrice: new(int64(900))}),
		"?explain=true":                                       func() recommend.Request { q := home(recommend.Filter{}); q.Explain = true; return q }(),
		"?in_stock=true":                                      home(recommend.Filter{InStock: true}),
		"?attribute.colour=red":                               home(attribute("colour", recommend.Text("red"))),
		"?attribute.a%2Fb%7E=r%C3%B6d&attribute.a%2Fb~=blue":  home(attribute("a/b~", recommend.Text("röd"), recommend.Text("blue"))),
		"?attribute.vegan=true":                               home(attribute("vegan", recommend.Text("true"), recommend.Truth(true))),
		"?attribute.size=8.0":                                 home(attribute("size", recommend.Spelled("8.0")...)),
		"?exclude=a&exclude=b":                                {Context: "home", N: 10, Exclude: []sessions.ProductID{"a", "b"}},
		"?categories=a&Brand=b&attribute=x&category=%zz&;tag": {Context: "home", N: 10},
	} {
		s := sqliteShop(t)
		s.get("/v1/recommendations"+query).wants(t, http.StatusOK, "")
		if len(s.asked) != 1 || !reflect.DeepEqual(s.asked[0], want) {
			t.Errorf("%s asks %+v, want %+v", query, s.asked, want)
		}
	}
}

// Answers wait for what after_seq names, two seconds at most, and for nothing else.
func TestQuestionsAfterASeq(t *testing.T) {
	const path = "/v1/recommendations"
	asked := map[string]func(s *shop, query string) answer{
		"a query": func(s *shop, query string) answer {
			return s.do(request{method: http.MethodGet, path: path + "?anonymous_id=a&" + query, key: writeKey})
		},
		"a body": func(s *shop, query string) answer { return s.post(path+"?"+query, writeKey, `{"anonymous_id":"a"}`) },
		"a batch": func(s *shop, query string) answer {
			return s.post(path+"/batch?"+query, secretKey, `{"requests":[{}]}`)
		},
	}
	for name, ask := range asked {
		synctest.Test(t, func(t *testing.T) {
			s := sqliteShop(t)
			s.browse(1)
			for _, query := range []string{"", "after_seq=", "after_seq=0", "after_seq=1", "after%5fseq=1"} {
				ask(s, query).wants(t, http.StatusOK, "")
			}
			if want := []sessions.Seq{1, 1}; !slices.Equal(s.awaited, want) {
				t.Errorf("%s waited for %v, want %v", name, s.awaited, want)
			}
			began := time.Now()
			late := ask(s, "after_seq=99")
			late.wants(t, http.StatusServiceUnavailable, "behind")
			if waited := time.Since(began); waited != 2*time.Second || late.Header().Get("Retry-After") == "" {
				t.Errorf("%s waited %s, headers %v", name, waited, late.Header())
			}
			ask(s, "after_seq=now").wants(t, http.StatusBadRequest, "invalid_parameter")
		})
	}
}

// home is a request with a filter and nothing else.
func home(f recommend.Filter) recommend.Request {
	return recommend.Request{Context: "home", N: 10, Filter: f}
}

// What a query can tell, a body tells with the same names.
func TestToldQuestions(t *testing.T) {
	number, _ := recommend.Number("8")
	for body, want := range map[string]recommend.Request{
		`{}`: {Context: "home", N: 10},
		` {"context":"product","item":"mug","anonymous_id":"a","user_id":7,"n":3,"per_category":1} `: {Context: "product", Item: "mug", Anonymous: "a", Customer: "7", N: 3, PerCategory: 1},
		`{"items":["a",8],"cart":["b"],"exclude":["c"]}`:                                             {Context: "home", N: 10, Items: []sessions.ProductID{"a", "8"}, Cart: []sessions.ProductID{"b"}, Exclude: []sessions.ProductID{"c"}},
		`{"filter":{"category":"a","brand":["b","c"],"tag":["x"],"min_price":0,"max_price":9,"in_stock":true}}`: home(recommend.Filter{
			Categories: []string{"a"}, Brands: []string{"b", "c"}, Tags: []string{"x"}, MinimumPrice: new(int64(0)), MaximumPrice: new(int64(9)), InStock: true}),
		`{"filter":{"attribute":{"colour":"red","size":[8.0,"8"],"vegan":false}}}`: home(recommend.Filter{Attributes: []recommend.Attribute{
			{Name: "colour", Any: []recommend.Value{recommend.Text("red")}}, {Name: "size", Any: []recommend.Value{number, recommend.Text("8")}}, {Name: "vegan", Any: []recommend.Value{recommend.Truth(false)}}}}),
		`{"filter":{},"items":[],"n":7,"n":8,"filter":{"attribute":{"a":1,"a":"2"}}}`: {Context: "home", N: 8, Filter: recommend.Filter{
			Attributes: []recommend.Attribute{{Name: "a", Any: []recommend.Value{recommend.Text("2")}}}}},
	} {
		s := sqliteShop(t)
		s.post("/v1/recommendations", secretKey, body).wants(t, http.StatusOK, "")
		s.post("/v1/recommendations/batch", secretKey, `{"requests":[`+body+`]}`).wants(t, http.StatusOK, "")
		if len(s.asked) != 2 || !reflect.DeepEqual(s.asked[0], want) || !reflect.DeepEqual(s.asked[1], want) {
			t.Errorf("%s asks %+v, want %+v", body, s.asked, want)
		}
	}
}

// Whatever is wrong with a question is told with its place and what it must be.
func TestQuestionsThatCannotBeAnswered(t *testing.T) {
	s := sqliteShop(t)
	for query, want := range map[string]string{
		"n=0":                           "n must be a number from 1 to 100",
		"context=basement":              "context must be one of home, product, cart, checkout, email, search and content",
		"context=product":               "item must be the product_id that is looked at",
		"per_category=0":                "per_category must be a number from 1 to 100",
		"explain=1":                     "explain must be true or false",
		"in_stock=false":                "in_stock must be true; leave it out otherwise, for what is out of stock is never recommended",
		"min_price=9.99":                "min_price must be an integer of minor units, such as cents, of the shop's currency",
		"min_price=9&max_price=8":       "min_price must not be above max_price: no product has such a price",
		"category=":                     "category must be a text of 1 to 255 bytes",
		"exclude=a&exclude=":            "exclude must be a text of 1 to 255 bytes",
		"attribute.=x":                  "attribute. must have names of 1 to 255 bytes",
		"attribute.a%2Fb=" + long(256):  "attribute.a/b must have values of at most 255 bytes",
		"tag=" + "x" + repeat("&tag=x"): "tag must have at most 10 entries; these are 11",
	} {
		var p api.Problem
		a := s.get("/v1/recommendations?" + query)
		a.wants(t, http.StatusBadRequest, "invalid_parameter")
		if a.read(t, &p); p.Detail != want {
			t.Errorf("%.40s: %q, want %q", query, p.Detail, want)
		}
	}
	for body, want := range map[string]string{
		`{"n":0}`: "/n invalid_parameter", `{"n":"3"}`: "/n invalid_type", `{"n":1e1}`: "/n invalid_parameter", `{"limit":3}`: "/limit unknown_field",
		`{"context":"x","per_category":1,"filter":{"min_price":2,"max_price":1}}`: "/context invalid_parameter, /filter/min_price invalid_parameter",
		`{"filter":[]}`: "/filter invalid_type", `{"filter":{"category":["a",1],"tag":{}}}`: "/filter/category/1 invalid_type, /filter/tag invalid_type",
		`{"filter":{"attribute":{"a/b~":null,"c":[[]],"d":[]}}}`: "/filter/attribute/a~1b~0 invalid_type, /filter/attribute/c/0 invalid_type",
		`{"filter":{"attribute":{"d":[]}}}`:                      "/filter/attribute/d invalid_parameter",
		`{"filter":{"in_stock":false,"min_price":-1}}`:           "/filter/in_stock invalid_parameter, /filter/min_price invalid_parameter",
		`{"items":["a",null],"cart":{"a":1},"item":true}`:        "/items/1 invalid_type, /cart invalid_type, /item invalid_type",
		`{"exclude":["\u0000"],"\u0000":1}`:                      " invalid_text",
		`{"exclude":["a",""]}`:                                   "/exclude/1 invalid_parameter",
		`[]`:                                                     " invalid_json",
	} {
		var p api.Problem
		a := s.post("/v1/recommendations", secretKey, body)
		if a.read(t, &p); a.Code != http.StatusBadRequest || mistakes(p) != want || p.Code != p.Errors[0].Code {
			t.Errorf("%s: %d %q, want %q", body, a.Code, mistakes(p), want)
		}
	}
	if len(s.asked) > 0 {
		t.Errorf("asked %+v", s.asked)
	}
}

func long(n int) string         { return strings.Repeat("x", n) }
func repeat(text string) string { return strings.Repeat(text, 10) }

// mistakes lists where and what the mistakes of a problem are.
func mistakes(p api.Problem) string {
	var list []string
	for _, e := range p.Errors {
		if e.Detail == "" {
			list = append(list, "nothing to do")
		}
		list = append(list, e.Pointer+" "+e.Code)
	}
	return strings.Join(list, ", ")
}

// Each request of a batch has its own result, in order.
func TestBatchesOfQuestions(t *testing.T) {
	s := sqliteShop(t)
	a := s.post("/v1/recommendations/batch", secretKey, `{"requests":[{"n":1},{"n":0},7,{"user_id":"u","context":"email"}]}`)
	a.wants(t, http.StatusOK, "")
	var got struct {
		Results []struct {
			Answer  *recommend.Answer
			Problem *api.Problem
		}
	}
	a.read(t, &got)
	if len(got.Results) != 4 || got.Results[0].Answer == nil || got.Results[3].Answer.Context != "email" || got.Results[1].Answer != nil {
		t.Fatalf("answered %s", a.Body)
	}
	for i, want := range map[int]string{1: "/requests/1/n invalid_parameter", 2: "/requests/2 invalid_type"} {
		if p := got.Results[i].Problem; p == nil || mistakes(*p) != want || p.Status != 400 {
			t.Errorf("problem %d is %v, want %s", i, p, want)
		}
	}
	if len(s.asked) != 2 || s.asked[1].Customer != "u" {
		t.Errorf("asked %+v", s.asked)
	}
	s.post("/v1/recommendations/batch", secretKey, `{"requests":[`+repeated("{}", 100)+`]}`).wants(t, http.StatusOK, "")
	s.post("/v1/recommendations/batch", secretKey, `{"requests":[`+repeated("{}", 101)+`]}`).wants(t, http.StatusRequestEntityTooLarge, "too_large")
	s.post("/v1/recommendations/batch", secretKey, `{"requests":[]}`).wants(t, http.StatusOK, "")
	s.post("/v1/recommendations/batch", secretKey, `{}`).wants(t, http.StatusBadRequest, "required")
	s.failing = fmt.Errorf("answer: %w", recommend.ErrBuilding)
	s.get("/v1/recommendations").wants(t, http.StatusServiceUnavailable, "behind")
	s.failing = context.DeadlineExceeded
	s.post("/v1/recommendations/batch", secretKey, `{"requests":[{}]}`).wants(t, http.StatusServiceUnavailable, "database_unavailable")
}

// A write key asks for an anonymous shopper only, and from any page.
func TestQuestionsWithAWriteKey(t *testing.T) {
	s := sqliteShop(t)
	a := s.do(request{method: http.MethodGet, path: "/v1/recommendations?writeKey=wk_test&anonymous_id=a", headers: []string{"Origin: https://shop.example"}})
	a.wants(t, http.StatusOK, "")
	if got := a.Header().Get("Access-Control-Allow-Origin"); got != "https://shop.example" {
		t.Errorf("lets in %q", got)
	}
	if got := a.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q: a cache would show one shopper's to another", got)
	}
	s.do(request{method: http.MethodGet, path: "/v1/recommendations?writeKey=wk_test&user_id=u"}).wants(t, http.StatusForbidden, "scope_insufficient")
	post := func(body string) answer { return s.post("/v1/recommendations", writeKey, body) }
	post(`{"user_id":"u"}`).wants(t, http.StatusForbidden, "scope_insufficient")
	post(`{"anonymous_id":"a","user_id":"u"}`).wants(t, http.StatusForbidden, "scope_insufficient")
	s.post("/v1/recommendations/batch", writeKey, `{"requests":[{"anonymous_id":"a"}]}`).wants(t, http.StatusForbidden, "scope_insufficient")
	if len(s.asked) != 1 {
		t.Errorf("asked %+v", s.asked)
	}
	post(`{"anonymous_id":"a","items":["p"]}`).wants(t, http.StatusOK, "")
}
