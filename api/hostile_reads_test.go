package api_test

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// attacksByReads forge ids, cursors and parameters.
func attacksByReads() (all []attack) {
	for _, path := range []string{"/v1/visitors/%s", "/v1/visitors/%s/sessions", "/v1/sessions/%s", "/v1/sessions/%s/events", "/v1/sessions/%s/decisions", "/v1/carts/%s", "/v1/carts/%s/decisions", "/v1/orders/%s", "/v1/products/%s"} {
		for _, id := range []string{
			"0", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e3", "0x1", "1.0", "%20", "%2B1", "%D9%A1", "null", "%00", "1%00", "%ff", "%ed%a0%80",
			"..", "%2e%2e", "..%2F..%2Fetc%2Fpasswd", "%27%20OR%201%3D1%20--", "%25", "*", strings.Repeat("9", 5000), strings.Repeat("%F0%9F%8D%B5", 1000),
		} {
			all = append(all, attack{name: path + " of what is not there: " + id[:min(len(id), 30)], request: request{method: "GET", path: strings.Replace(path, "%s", id, 1), key: secretKey}, status: 404, code: "not_found"})
		}
	}
	lists := []string{"/v1/visitors", "/v1/visitors/1/sessions", "/v1/sessions", "/v1/sessions/1/events", "/v1/carts", "/v1/orders", "/v1/products", "/v1/triggers"}
	for _, path := range lists {
		get := request{method: "GET", path: path, key: secretKey}
		for _, limit := range []string{"0", "-1", "501", "1000000000", "9223372036854775808", "1e2", "1.5", "0x10", "%2B1%20", "many", "%00", "%D9%A1", "%ff"} {
			all = append(all, as(get, attack{name: "limit", request: request{path: path + "?limit=" + limit}, status: 400, code: "invalid_parameter"})...)
		}
		for _, seq := range []string{"-1", "9223372036854775808", "1.5", "now", "%00"} {
			all = append(all, as(get, attack{name: "after_seq", request: request{path: path + "?after_seq=" + seq}, status: 400, code: "invalid_parameter"})...)
		}
		for _, after := range []string{"-1", "9223372036854775808", "x", "%00", "1%20OR%201=1", base64.URLEncoding.EncodeToString([]byte("0"))} {
			if path != "/v1/products" { // whose cursor is any product id
				all = append(all, as(get, attack{name: "after", request: request{path: path + "?after=" + after}, status: 400, code: "invalid_parameter"})...)
			}
		}
	}
	all = append(all, as(request{method: "GET", key: secretKey},
		attack{name: "past the end", request: request{path: "/v1/products?after=%F4%8F%BF%BF"}, status: 200},
		attack{name: "U+0000", request: request{path: "/v1/products?after=%00"}, status: 400, code: "invalid_parameter"},
		attack{name: "no UTF-8", request: request{path: "/v1/products?after=%ff"}, status: 400, code: "invalid_parameter"},
		attack{name: "past all numbers", request: request{path: "/v1/sessions?after=9223372036854775807"}, status: 200},
		attack{name: "bots", request: request{path: "/v1/sessions?bots=1"}, status: 400, code: "invalid_parameter"},
		attack{name: "a parameter twice, the first counts", request: request{path: "/v1/carts?limit=1&limit=0"}, status: 200},
		attack{name: "half an escape", request: request{path: "/v1/carts?limit=%"}, status: 200},
		attack{name: "semicolons", request: request{path: "/v1/carts?limit=0;x=1"}, status: 200},
		attack{name: "a query of 100,000 bytes", request: request{path: "/v1/carts?x=" + strings.Repeat("x", 100_000)}, status: 400, code: "unknown_parameter"},
		attack{name: "10,000 parameters", request: request{path: "/v1/carts?" + strings.Repeat("x&", 10_000)}, status: 400, code: "unknown_parameter"},
		attack{name: "a body", request: request{path: "/v1/jobs", body: strings.Repeat("x", 5<<20)}, status: 200},
		attack{name: "parameters that it has not", request: request{path: "/v1/jobs?limit=-1&run=detection"}, status: 200},
		attack{name: "another format", request: request{path: "/v1/jobs?format=../../x", headers: []string{"Accept: text/html"}}, status: 200},
	)...)
	return append(all, attacksOnRecommendations()...)
}

func attacksOnRecommendations() (all []attack) {
	for _, query := range []string{"n=0", "n=-1", "n=101", "n=1e1", "n=9223372036854775808", "n=%00", "n=%2B1", "anonymous_id=%00", "anonymous_id=%ff", "item=%00", "user_id=%00", "context=product", "context=HOME", "context=..", "context=home%00", "context=product&item="} {
		all = append(all, attack{name: "a bad parameter", request: request{method: "GET", path: "/v1/recommendations?" + query, key: writeKey}, status: 400, code: "invalid_parameter"})
	}
	for _, query := range []string{"user_id=u1", "user_id=u1&anonymous_id=a", "user_id=nobody", "user_id=" + url.QueryEscape("' OR 1=1")} {
		all = append(all, attack{name: "somebody else", request: request{method: "GET", path: "/v1/recommendations?" + query, key: writeKey}, status: 403, code: "scope_insufficient"})
	}
	for _, query := range []string{"", "anonymous_id=" + strings.Repeat("a", 10_000), "context=product&item=" + strings.Repeat("x", 10_000), "user_id=", "writeKey=sk_nobody"} {
		all = append(all, attack{name: "nobody and nothing", request: request{method: "GET", path: "/v1/recommendations?" + query, key: writeKey}, status: 200})
	}
	return append(all, as(request{method: "GET", key: secretKey},
		attack{name: "a customer with U+0000", request: request{path: "/v1/recommendations?user_id=u1%00"}, status: 400, code: "invalid_parameter"},
		attack{name: "a customer of no UTF-8", request: request{path: "/v1/recommendations?user_id=%ff"}, status: 400, code: "invalid_parameter"},
		attack{name: "a customer of 10,000 bytes", request: request{path: "/v1/recommendations?user_id=" + strings.Repeat("u", 10_000)}, status: 200},
	)...)
}
