package api_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cartwright/api"
	"cartwright/api/openapi"
)

// listsDescribed returns the lists that can be asked in pages, or for some of what there is, each
// with the parameters that the description names.
func listsDescribed(t *testing.T) map[string][]string {
	t.Helper()
	document, err := openapi.Load()
	must(t, err)
	var root struct {
		Paths map[string]struct {
			Get struct{ Parameters []map[string]any }
		}
		Components struct{ Parameters map[string]map[string]any }
	}
	must(t, json.Unmarshal(document.JSON, &root))
	lists := map[string][]string{}
	for path, item := range root.Paths {
		var names []string
		for _, p := range item.Get.Parameters {
			if ref, ok := p["$ref"].(string); ok {
				p = root.Components.Parameters[ref[strings.LastIndex(ref, "/")+1:]]
			}
			if p["in"] == "query" {
				names = append(names, p["name"].(string))
			}
		}
		if slices.Contains(names, "limit") || path == "/v1/consents" || path == "/v1/reports/recovery" {
			lists[path] = names
		}
	}
	return lists
}

// Lists for the secret key refuse what they cannot be asked, and say what they can.
func TestListsRefuseUnknownParameters(t *testing.T) {
	s := sqliteShop(t)
	lists := listsDescribed(t)
	if len(lists) < 12 {
		t.Fatalf("only these are lists: %v", lists)
	}
	for path, names := range lists {
		path = regexp.MustCompile(`{\w+}`).ReplaceAllString(path, "1")
		for _, query := range []string{"?colour=red", "?c%6flour=red", "?colour"} {
			a := s.get(path + query)
			a.wants(t, http.StatusBadRequest, "unknown_parameter")
			var p api.Problem
			a.read(t, &p)
			known, found := strings.CutPrefix(p.Detail, `there is no parameter "colour" here; known are `)
			got := strings.Split(known, ", ")
			slices.Sort(got)
			if slices.Sort(names); !found || !slices.Equal(got, names) {
				t.Errorf("%s%s: %s; described are %v", path, query, p.Detail, names)
			}
		}
		if a := s.get(path + "?writeKey=" + writeKey); strings.Contains(a.Body.String(), "unknown_parameter") {
			t.Errorf("%s: a key beside the one that is used: %s", path, a.Body)
		}
	}
}

// A visitor is found by any identifier, also by those of browsers that were joined.
func TestVisitorsAreFoundByWhatTheyAreKnownBy(t *testing.T) {
	s := sqliteShop(t)
	s.post("/v1/batch", secretKey, `{"batch":[{"type":"page","anonymousId":"phone"},{"type":"page","anonymousId":"laptop"},{"type":"page","anonymousId":"other"},
		{"type":"identify","anonymousId":"phone","userId":"7"},{"type":"identify","anonymousId":"laptop","userId":"7","traits":{"email":"Ann@example.com"}}]}`).receipt(t)
	for query, want := range map[string][]string{
		"": {"3", "1"}, "user_id=7": {"1"}, "anonymous_id=laptop": {"1"}, "anonymous_id=other": {"3"}, "email=ANN@example.com": {"1"},
		"user_id=7&email=ann@example.com": {"1"}, "user_id=7&anonymous_id=other": nil, "user_id=8": nil, "user_id=phone": nil, "user_id=7&after=1": nil,
	} {
		if ids, _ := s.pages("/v1/visitors?after_seq=5&limit=500&"+query, "id"); !slices.Equal(ids, want) {
			t.Errorf("%s: %v, want %v", query, ids, want)
		}
	}
	for _, query := range []string{"user_id=", "anonymous_id=", "email=", "email=ann", "user_id=%00", "anonymous_id=%ff"} {
		s.get("/v1/visitors?"+query).wants(t, http.StatusBadRequest, "invalid_parameter")
	}
}
