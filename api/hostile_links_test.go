package api_test

import (
	"net/url"
	"strings"
)

// attacksOnLinks guess tokens, and ask links to lead elsewhere.
func attacksOnLinks() (all []attack) {
	for _, method := range []string{"GET", "HEAD"} {
		for _, token := range []string{"nosuch", strings.Repeat("A", 22), strings.Repeat("A", 23), "%00", "%ff", "..", "%2e%2e", "%2F", "'%20OR%201=1%20--", strings.Repeat("x", 10_000)} {
			all = append(all, attack{name: "a guess", request: request{method: method, path: "/r/" + token, headers: []string{browserAgent}}, status: 302})
		}
	}
	for _, token := range []string{"nosuch", strings.Repeat("A", 22), "%00", "%ff", "%2e%2e", "%2F", "'%20OR%201=1%20--", strings.Repeat("x", 10_000)} {
		all = append(all, attack{name: "a guess", request: request{method: "GET", path: "/v1/restore/" + token, headers: []string{"Origin: https://evil.example"}}, status: 404, code: "not_found"})
		all = append(all, attack{name: "a guess with the secret key", request: request{method: "GET", path: "/v1/restore/" + token, key: secretKey}, status: 404, code: "not_found"})
	}
	for _, to := range []string{"//evil.example", "https://shop.example@evil.example", "javascript:alert(1)", `/\evil.example`, "\x00", "\xff"} {
		all = append(all, attack{name: "another page", request: request{method: "GET", path: "/r/nosuch?to=" + url.QueryEscape(to), headers: []string{browserAgent}}, status: 400, code: "invalid_parameter"})
	}
	return append(all,
		attack{name: "another host", request: request{method: "GET", path: "/r/nosuch", headers: []string{"Host: evil.example", "X-Forwarded-Host: evil.example", "X-Original-URL: //evil.example"}}, status: 302},
		attack{name: "two destinations, the first counts", request: request{method: "GET", path: "/r/nosuch?to=//evil.example&to=/cart"}, status: 400, code: "invalid_parameter"},
		attack{name: "POST", request: request{method: "POST", path: "/r/nosuch", body: "to=//evil.example"}, status: 405, code: "method_not_allowed"},
	)
}

// attacksOnReports ask for periods that are none.
func attacksOnReports() (all []attack) {
	for _, query := range []string{"from=x", "to=x", "from=%00", "to=%ff", "from=2026-13-01", "from=99999-01-01", "to=0001-01-01", "from=2026-02-02&to=2026-02-01", "from=9999-12-31", "after_seq=-1", "from=" + strings.Repeat("9", 5000)} {
		all = append(all, attack{name: "no period", request: request{method: "GET", path: "/v1/reports/recovery?" + query, key: secretKey}, status: 400, code: "invalid_parameter"})
	}
	return append(all, attack{name: "all times", request: request{method: "GET", path: "/v1/reports/recovery?from=1970-01-01&to=9999-12-31", key: secretKey}, status: 200})
}
