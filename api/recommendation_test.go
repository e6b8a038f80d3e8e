package api_test

import (
	"net/http"
	"testing"

	"cartwright/recommend"
)

func TestQuestions(t *testing.T) {
	for query, want := range map[string]recommend.Request{
		"?anonymous_id=a":                           {Context: "home", Anonymous: "a", N: 10},
		"?context=product&item=mug&n=3":             {Context: "product", Item: "mug", N: 3},
		"?context=cart&user_id=u&anonymous_id=a":    {Context: "cart", Anonymous: "a", Customer: "u", N: 10},
		"?context=home&n=100&item=m%26m&colour=red": {Context: "home", Item: "m&m", N: 100},
	} {
		s := sqliteShop(t)
		s.get("/v1/recommendations"+query).wants(t, http.StatusOK, "")
		if len(s.asked) != 1 || s.asked[0] != want {
			t.Errorf("%s asks %+v, want %+v", query, s.asked, want)
		}
	}
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
	if len(s.asked) != 1 {
		t.Errorf("asked %+v", s.asked)
	}
}
