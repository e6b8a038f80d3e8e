package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"cartwright/recommend"
)

// FuzzFilterParameters asks with any query. What is answered was understood as net/url
// reads it, and can be asked for; what is not is the asker's mistake.
func FuzzFilterParameters(f *testing.F) {
	for _, seed := range []string{
		"category=a&category=b&brand=c", "min_price=1&max_price=2", "min_price=2&max_price=1", "in_stock=true", "tag=x&tag=y", "attribute.a=1&attribute.a=true&attribute.b=",
		"attribute.=x", "attribute%2Ea=b", "category=%zz&category=%41", "exclude=a&exclude=%00", "a;category=b&category=c", "per_category=3&n=0", "category", "=&&category=+", "attribute.a=1e9999999",
	} {
		f.Add(seed)
	}
	s := sqliteShop(f)
	f.Fuzz(func(t *testing.T, query string) {
		s.t, s.asked = t, nil
		asked := httptest.NewRequest(http.MethodGet, "/v1/recommendations", nil)
		asked.URL.RawQuery = query
		asked.SetBasicAuth(secretKey, "")
		recorder := httptest.NewRecorder()
		s.server.ServeHTTP(recorder, asked)
		a := answer{recorder}
		values, _ := url.ParseQuery(query) // what it can read
		if a.Code == http.StatusForbidden && values.Has("writeKey") {
			return
		}
		if a.Code == http.StatusBadRequest {
			a.wants(t, http.StatusBadRequest, "invalid_parameter")
			return
		}
		a.wants(t, http.StatusOK, "")
		q := s.asked[0]
		if wrong := q.Mistakes(); len(wrong) > 0 {
			t.Fatalf("%q was asked: %v", query, wrong[0])
		}
		if !slices.Equal(q.Filter.Categories, values["category"]) || !slices.Equal(q.Filter.Brands, values["brand"]) || !slices.Equal(q.Filter.Tags, values["tag"]) ||
			q.Filter.InStock != values.Has("in_stock") || (q.Filter.MinimumPrice != nil) != values.Has("min_price") || len(q.Exclude) != len(values["exclude"]) {
			t.Errorf("%q was understood as %+v", query, q)
		}
		demanded := 0
		for name := range values {
			if strings.HasPrefix(name, "attribute.") {
				demanded++
			}
		}
		for _, attribute := range q.Filter.Attributes {
			if text := values["attribute."+attribute.Name]; len(text) == 0 || attribute.Any[0] != recommend.Text(text[0]) {
				t.Errorf("%q demands %+v", query, attribute)
			}
		}
		if demanded != len(q.Filter.Attributes) {
			t.Errorf("%q demands %d attributes, not %d", query, len(q.Filter.Attributes), demanded)
		}
	})
}

// FuzzQuestion asks with any body, alone and in a batch: either is answered, or both are
// refused for the same reasons.
func FuzzQuestion(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"context":"cart","n":3,"items":["a",1],"cart":[],"exclude":["b"],"per_category":1}`, `{"filter":{"category":"a","brand":["b"],"tag":[],"min_price":0,"max_price":9,"in_stock":true}}`,
		`{"filter":{"attribute":{"a":1,"b":"x","c":true,"d":[1.0,"1",false],"e":null,"a":-0e5}}}`, `{"n":"1"}`, `{"filter":null}`, ` {"item":"\u0000\ud800"} `, `{"user_id":7,"x":{"y":[[]]}}`, `[]`, `{"a":1}{}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	s := sqliteShop(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		s.t, s.asked = t, nil
		alone := s.post("/v1/recommendations", secretKey, string(body))
		switch alone.Code {
		case http.StatusOK:
			if q := s.asked[0]; !json.Valid(body) || len(q.Mistakes()) > 0 {
				t.Fatalf("%q was asked: %+v", body, q)
			}
		case http.StatusBadRequest:
			if len(s.asked) > 0 {
				t.Errorf("%q was asked and refused", body)
			}
		default:
			t.Fatalf("%q: status %d: %s", body, alone.Code, alone.Body)
		}
		if !json.Valid(body) || len(body) > 10_000 {
			return
		}
		batch := s.post("/v1/recommendations/batch", secretKey, `{"requests":[`+string(body)+`]}`)
		if batch.Code != http.StatusOK { // the same 100 deep, and two around
			return
		}
		if answered := strings.HasPrefix(batch.Body.String(), `{"results":[{"answer":`); answered != (alone.Code == http.StatusOK) {
			t.Errorf("%q alone is answered %s, in a batch %s", body, alone.Body, batch.Body)
		}
	})
}
