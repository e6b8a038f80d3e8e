package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"cartwright/api"
	"cartwright/api/openapi"
)

// description returns the validator of the served description, and the routes in it as
// “GET /v1/carts/{id}”. To it, what is not described is wrong: a field that nobody
// knows of fails.
var description = sync.OnceValues(func() (validator.Validator, map[string]bool) {
	document, err := openapi.Load()
	if err != nil {
		panic(err)
	}
	var root map[string]any
	if err := json.Unmarshal(document.JSON, &root); err != nil {
		panic(err)
	}
	routes := map[string]bool{}
	for path, item := range root["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			if method != "parameters" {
				routes[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	closeSchemas(root)
	strict, err := json.Marshal(root)
	if err != nil {
		panic(err)
	}
	parsed, err := libopenapi.NewDocument(strict)
	if err != nil {
		panic(err)
	}
	v, errs := validator.NewValidator(parsed)
	if len(errs) > 0 {
		panic(errs[0])
	}
	return v, routes
})

// closeSchemas makes every schema with properties admit no others.
func closeSchemas(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, child := range value {
			closeSchemas(child)
		}
		_, open := value["additionalProperties"]
		if _, has := value["properties"].(map[string]any); has && value["type"] == "object" && !open {
			value["additionalProperties"] = false
		}
	case []any:
		for _, child := range value {
			closeSchemas(child)
		}
	}
}

// described fails unless an answer is one that the description of its route allows.
func described(t testing.TB, asked *http.Request, recorder *httptest.ResponseRecorder) {
	t.Helper()
	v, _ := description()
	if p := recorder.Code; p == http.StatusMethodNotAllowed || asked.Method == http.MethodOptions || unknownRoute(recorder) {
		return
	}
	if asked.Method == http.MethodHead && !strings.HasPrefix(asked.URL.Path, "/r/") { // described as GET is
		asked = asked.Clone(asked.Context())
		asked.Method = http.MethodGet
	}
	ok, errs := v.ValidateHttpResponse(asked, recorder.Result())
	if ok {
		return
	}
	for _, e := range errs {
		t.Errorf("%s %s is answered %d, which is not as described: %s: %s %v", asked.Method, asked.URL.Path, recorder.Code, e.Message, e.Reason, e.SchemaValidationErrors)
	}
}

func unknownRoute(recorder *httptest.ResponseRecorder) bool {
	var p api.Problem
	return recorder.Code == http.StatusNotFound && json.Unmarshal(recorder.Body.Bytes(), &p) == nil && p.Code == "route_unknown"
}

func TestTheDescriptionIsValid(t *testing.T) {
	v, _ := description()
	if ok, errs := v.ValidateDocument(); !ok {
		for _, e := range errs {
			t.Error(e.Message, e.Reason, e.SchemaValidationErrors)
		}
	}
}

// Each route is described, and nothing else is.
func TestTheDescriptionNamesTheRoutes(t *testing.T) {
	s := sqliteShop(t, func(c *api.Config) { c.Metrics = http.NotFoundHandler() })
	_, wanted := description()
	served := map[string]bool{}
	for _, name := range s.server.Routes() {
		served[name] = true
		if !wanted[name] {
			t.Errorf("%s is not described", name)
		}
	}
	for name := range wanted {
		if !served[name] {
			t.Errorf("%s is described, and is no route", name)
		}
	}
}

// The control: what is not described fails.
func TestAnswersAreHeldAgainstTheDescription(t *testing.T) {
	for name, body := range map[string]string{
		"a field too many": `{"success":true,"seq":1,"more":1}`,
		"a field missing":  `{"success":true}`,
		"another type":     `{"success":true,"seq":"1"}`,
		"no JSON":          `ok`,
	} {
		recorder := httptest.NewRecorder()
		recorder.Header().Set("Content-Type", "application/json")
		recorder.WriteHeader(http.StatusOK)
		recorder.WriteString(body)
		failed := &failure{TB: t}
		described(failed, httptest.NewRequest("POST", "/v1/orders", nil), recorder)
		if !failed.failed {
			t.Errorf("%s passes", name)
		}
	}
}

// failure takes note of what would fail a test.
type failure struct {
	testing.TB
	failed bool
}

func (f *failure) Errorf(string, ...any) { f.failed = true }

func TestDocs(t *testing.T) {
	s := sqliteShop(t)
	page := s.do(request{method: "GET", path: "/docs"})
	if page.Code != http.StatusOK || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", page.Code, page.Header())
	}
	text := page.Body.String()
	_, routes := description()
	for name := range routes {
		_, path, _ := strings.Cut(name, " ")
		if !strings.Contains(text, path) {
			t.Errorf("the page does not show %s", name)
		}
	}
	for _, kind := range []string{"string or null", "string or integer", ">true<"} {
		if !strings.Contains(text, kind) {
			t.Errorf("the page has no field of %s", kind)
		}
	}
	if strings.Contains(text, "%!") {
		t.Error("the page shows how something could not be written")
	}
	for _, loaded := range []string{"<script", "src=", "@import", "url(", "<link", "http://"} {
		if strings.Contains(text, loaded) {
			t.Errorf("the page loads something: %s", loaded)
		}
	}
	if answer := s.do(request{method: "GET", path: "/openapi.json"}); !slices.Contains([]string{"application/json"}, answer.Header().Get("Content-Type")) {
		t.Error(answer.Header())
	}
}
