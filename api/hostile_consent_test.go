package api_test

import (
	"fmt"
	"strings"

	"cartwright/api"
)

// asPage stands for the code of a refusal that people read.
const asPage = "a page"

// attacksOnConsents forge unsubscribe links, and send consents and suppressions with
// mistakes in them.
func attacksOnConsents(routes []api.Route) (all []attack) {
	for _, token := range []string{
		"x", "%00", "%ff", "..", "%2e%2e%2f", "ann@example.com", "' OR 1=1 --", "%27%20OR%201=1", strings.Repeat("A", 64), strings.Repeat("A", 63),
		strings.Repeat("A", 43), strings.Repeat("A", 10_000), "%3Cscript%3Ealert(1)%3C%2Fscript%3E", strings.Repeat("%F0%9F%8D%B5", 16), "null", "-1",
	} {
		token = strings.ReplaceAll(token, " ", "%20")
		for _, method := range []string{"GET", "HEAD", "POST"} {
			all = append(all, attack{name: fmt.Sprintf("a token of %d bytes that is none", len(token)), request: request{method: method, path: "/u/" + token, body: "List-Unsubscribe=One-Click"}, status: 404, code: asPage})
		}
	}
	for _, f := range []field{
		{"nothing", `{}`, "required"},
		{"no array", `{"consents":{}}`, "invalid_type"},
		{"no object", `{"consents":[1]}`, "invalid_type"},
		{"nobody", `{"consents":[{"state":"denied"}]}`, "required"},
		{"no state", `{"consents":[{"email":"a@b.example"}]}`, "required"},
		{"a state that is none", `{"consents":[{"email":"a@b.example","state":"yes"}]}`, "unknown_word"},
		{"a grant without a basis", `{"consents":[{"email":"a@b.example","state":"granted"}]}`, "required"},
		{"a basis that is none", `{"consents":[{"email":"a@b.example","state":"granted","basis":"because"}]}`, "unknown_word"},
		{"two addresses", `{"consents":[{"email":"a@b.example,c@d.example","state":"denied"}]}`, "invalid_email"},
		{"a line break", `{"consents":[{"email":"a@b.example\nBcc: x@y.example","state":"denied"}]}`, "invalid_email"},
		{"a source too long", `{"consents":[{"email":"a@b.example","state":"denied","source":"` + strings.Repeat("ü", 201) + `"}]}`, "too_long"},
		{"a version too long", `{"consents":[{"email":"a@b.example","state":"denied","text_version":"` + strings.Repeat("x", 101) + `"}]}`, "too_long"},
		{"a field too many", `{"consents":[{"email":"a@b.example","state":"denied","told_by":"backend"}]}`, "unknown_field"},
		{"U+0000", `{"consents":[{"email":"a@b.example","state":"denied","source":"\u0000"}]}`, "invalid_text"},
		{"a time that is none", `{"consents":[{"email":"a@b.example","state":"denied","occurred_at":"never"}]}`, "invalid_time"},
	} {
		all = append(all, attack{name: f.name, request: request{method: "PUT", path: "/v1/consents", key: secretKey, body: f.body}, status: 400, code: f.code, rejected: f.code})
	}
	for _, f := range []field{
		{"nothing", `{}`, "required"},
		{"no object", `{"suppressions":["a@b.example"]}`, "invalid_type"},
		{"nobody", `{"suppressions":[{"reason":"manual"}]}`, "required"},
		{"no reason", `{"suppressions":[{"email":"a@b.example"}]}`, "required"},
		{"a reason that is none", `{"suppressions":[{"email":"a@b.example","reason":"soft_bounce"}]}`, "unknown_word"},
		{"a type of no bounce", `{"suppressions":[{"email":"a@b.example","reason":"manual","bounce_type":"soft"}]}`, "unknown_field"},
		{"a type that is none", `{"suppressions":[{"email":"a@b.example","reason":"bounce","bounce_type":"odd"}]}`, "unknown_word"},
		{"a hash", `{"suppressions":[{"address_hash":"x","reason":"manual"}]}`, "unknown_field"},
		{"a detail too long", `{"suppressions":[{"email":"a@b.example","reason":"manual","detail":"` + strings.Repeat("x", 1001) + `"}]}`, "too_long"},
		{"U+0000", `{"suppressions":[{"email":"a@b.example","reason":"manual","detail":"\u0000"}]}`, "invalid_text"},
	} {
		all = append(all, attack{name: f.name, request: request{method: "POST", path: "/v1/suppressions", key: secretKey, body: f.body}, status: 400, code: f.code, rejected: f.code})
	}
	for _, email := range []string{"x", "%00", "%ff", "a%40b%2Cc%40d", "%27%20OR%201=1", strings.Repeat("a", 300) + "%40b"} {
		for _, r := range routes {
			if r.Scope == api.Secret && (r.Path == "/v1/consents" || r.Path == "/v1/suppressions") && (r.Method == "GET" || r.Method == "DELETE") {
				all = append(all, attack{name: "an address that is none", request: request{method: r.Method, path: r.Path + "?email=" + email, key: secretKey}, status: 400, code: "invalid_parameter"})
			}
		}
	}
	return append(all, as(request{key: secretKey},
		attack{name: "no address", request: request{method: "GET", path: "/v1/consents"}, status: 400, code: "invalid_parameter"},
		attack{name: "all of them", request: request{method: "DELETE", path: "/v1/suppressions"}, status: 400, code: "invalid_parameter"},
		attack{name: "nobody's", request: request{method: "DELETE", path: "/v1/suppressions?email=nobody@example.com"}, status: 404, code: "not_found"},
		attack{name: "a cursor that is none", request: request{method: "GET", path: "/v1/suppressions?after=x"}, status: 400, code: "invalid_parameter"},
		attack{name: "a page too large", request: request{method: "GET", path: "/v1/suppressions?limit=501"}, status: 400, code: "invalid_parameter"},
		attack{name: "2,501 of them", request: request{method: "POST", path: "/v1/suppressions", body: `{"suppressions":[` + repeated(`{"email":"a@b.example","reason":"manual"}`, 2501) + `]}`}, status: 413, code: "too_large"},
		attack{name: "2,501 of them", request: request{method: "PUT", path: "/v1/consents", body: `{"consents":[` + repeated(`{"email":"a@b.example","state":"denied"}`, 2501) + `]}`}, status: 413, code: "too_large"},
	)...)
}
