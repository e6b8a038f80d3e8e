package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// attacksByQuestions ask for recommendations in ways that cannot be answered, or that
// cost, or for what is not the asker's.
func attacksByQuestions(t testing.TB) (all []attack) {
	all = append(all, refinementAttacks()...)
	for _, f := range []field{
		{"nothing", "", "invalid_json"},
		{"null", "null", "invalid_json"},
		{"an array", "[{}]", "invalid_json"},
		{"half", `{"n":`, "invalid_json"},
		{"two", "{}{}", "invalid_json"},
		{"Latin-1", "{\"item\":\"\xe4\"}", "invalid_json"},
		{"200 deep", `{"filter":` + strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 201), "invalid_json"},
		{"30,000 brackets", strings.Repeat("[", 30_000), "invalid_json"},
		{"an unknown field", `{"is_admin":true}`, "unknown_field"},
		{"an unknown field of the filter", `{"filter":{"$where":"1"}}`, "unknown_field"},
		{"null for a field", `{"anonymous_id":null}`, "invalid_type"},
		{"an object for an id", `{"anonymous_id":{"$ne":""}}`, "invalid_type"},
		{"an object for a value", `{"filter":{"attribute":{"a":{"$gt":""}}}}`, "invalid_type"},
		{"values within values", `{"filter":{"attribute":{"a":[["b"]]}}}`, "invalid_type"},
		{"an object for the category", `{"filter":{"category":{"a":1}}}`, "invalid_type"},
		{"a number for the tag", `{"filter":{"tag":1}}`, "invalid_type"},
		{"a text for the filter", `{"filter":"category=a"}`, "invalid_type"},
		{"a text for the items", `{"items":"a"}`, "invalid_type"},
		{"U+0000", `{"anonymous_id":"a\u0000"}`, "invalid_text"},
		{"U+0000 in an attribute's name", `{"filter":{"attribute":{"\u0000":1}}}`, "invalid_text"},
		{"U+0000 in a category", `{"filter":{"category":["\u0000"]}}`, "invalid_text"},
		{"n of 101", `{"n":101}`, "invalid_parameter"},
		{"n of 0", `{"n":0}`, "invalid_parameter"},
		{"n of 1.0", `{"n":1.0}`, "invalid_parameter"},
		{"n of 1e400", `{"n":1e400}`, "invalid_parameter"},
		{"a context of other letters", `{"context":"HOME"}`, "invalid_parameter"},
		{"a product page of nothing", `{"context":"product"}`, "invalid_parameter"},
		{"201 items", `{"items":[` + repeated(`"a"`, 201) + `]}`, "too_large"},
		{"201 lines", `{"cart":[` + repeated(`"a"`, 201) + `]}`, "too_large"},
		{"1,001 exclusions", `{"exclude":[` + repeated(`"a"`, 1001) + `]}`, "too_large"},
		{"a million exclusions", `{"exclude":[` + repeated(`1`, 1_000_000) + `]}`, "too_large"},
		{"an item of 256 bytes", `{"items":["` + strings.Repeat("x", 256) + `"]}`, "invalid_parameter"},
		{"51 categories", `{"filter":{"category":[` + repeated(`"a"`, 51) + `]}}`, "too_large"},
		{"11 tags", `{"filter":{"tag":[` + repeated(`"a"`, 11) + `]}}`, "too_large"},
		{"10,000 attributes", `{"filter":{"attribute":{` + manyMembers(10_000) + `}}}`, "invalid_parameter"},
		{"51 values", `{"filter":{"attribute":{"a":[` + repeated("1", 51) + `]}}}`, "too_large"},
		{"a value of a million digits", `{"filter":{"attribute":{"a":` + strings.Repeat("9", 1_000_000) + `}}}`, "invalid_parameter"},
		{"an exponent of a billion", `{"filter":{"attribute":{"a":1e1000000000}}}`, "invalid_parameter"},
		{"a price below zero", `{"filter":{"min_price":-1}}`, "invalid_parameter"},
		{"a price of half a cent", `{"filter":{"max_price":0.5}}`, "invalid_parameter"},
		{"a price beyond all numbers", `{"filter":{"max_price":9223372036854775808}}`, "invalid_parameter"},
		{"what is out of stock", `{"filter":{"in_stock":false}}`, "invalid_parameter"},
	} {
		status := 400
		if f.code == "too_large" {
			status = 413
		}
		all = append(all, attack{name: f.name, request: request{method: "POST", path: "/v1/recommendations", key: writeKey, body: f.body}, status: status, code: f.code})
	}
	return append(append(all, strangersQuestions(t)...), batchAttacks()...)
}

func manyMembers(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"a%d":1`, i))
	}
	return strings.Join(list, ",")
}

// refinementAttacks are bad filters in the address.
func refinementAttacks() (all []attack) {
	for _, query := range []string{
		"category=", "category=" + strings.Repeat("x", 256), "category=%00", "category=%ff", "brand=", "tag=", "exclude=", "min_price=-1", "min_price=1.5", "min_price=9223372036854775808",
		"min_price=", "max_price=1e3", "max_price=%D9%A1", "min_price=2&max_price=1", "in_stock=1", "in_stock=false", "in_stock=", "attribute.=1", "attribute.%00=1", "attribute.a=%00",
		"attribute.a=" + strings.Repeat("x", 256), "attribute." + strings.Repeat("x", 256) + "=1", "per_category=0", "per_category=101", "per_category=x",
		strings.Repeat("category=a&", 51), strings.Repeat("tag=a&", 11), strings.Repeat("exclude=a&", 1001), strings.Repeat("attribute.a=b&", 51),
	} {
		all = append(all, attack{name: "a bad filter of " + query[:min(30, len(query))], request: request{method: "GET", path: "/v1/recommendations?" + query, key: writeKey}, status: 400, code: "invalid_parameter"})
	}
	for _, query := range []string{
		"category=" + url.QueryEscape("' OR 1=1 --"), "attribute." + url.QueryEscape("../../etc/passwd") + "=x", "attribute.__proto__=x", "attribute.a=1e999999999", "category=%zz", "exclude=" + strings.Repeat("%F0%9F%8D%B5", 60),
		"categories=x&filter=1&$where=1", "min_price=0&max_price=9223372036854775807", "tag=a;tag=b",
	} {
		all = append(all, attack{name: "a strange filter", request: request{method: "GET", path: "/v1/recommendations?" + query, key: writeKey}, status: 200})
	}
	return all
}

// strangersQuestions are about others, or packed strangely.
func strangersQuestions(t testing.TB) []attack {
	all := as(request{method: "POST", path: "/v1/recommendations", key: writeKey},
		attack{name: "somebody else", request: request{body: `{"user_id":"u1"}`}, status: 403, code: "scope_insufficient"},
		attack{name: "somebody else behind an own id", request: request{body: `{"anonymous_id":"a","user_id":"nobody"}`}, status: 403, code: "scope_insufficient"},
		attack{name: "somebody else by a number", request: request{body: `{"user_id":1}`}, status: 403, code: "scope_insufficient"},
		attack{name: "somebody else, told twice", request: request{body: `{"user_id":"","user_id":"u1"}`}, status: 403, code: "scope_insufficient"},
		attack{name: "somebody else in the address, which does not count", request: request{path: "/v1/recommendations?user_id=u1", body: `{}`}, status: 200},
		attack{name: "a name escaped", request: request{body: `{"\u0075ser_id":"u1"}`}, status: 403, code: "scope_insufficient"},
		attack{name: "a key in the body", request: request{body: `{"writeKey":"sk_nobody"}`}, status: 400, code: "unknown_field"},
		attack{name: "a byte over 4 MB", request: request{body: `{"item":"` + strings.Repeat("x", 4<<20) + `"}`}, status: 413, code: "too_large"},
		attack{name: "another packing", request: request{body: `{}`, headers: []string{"Content-Encoding: br"}}, status: 415, code: "encoding_unsupported"},
		attack{name: "gzip", request: request{body: zipped(t, `{"anonymous_id":"a"}`), headers: []string{"Content-Encoding: gzip"}}, status: 200},
		attack{name: "what was never there", request: request{body: `{"items":["nosuch"],"cart":["nosuch"],"exclude":["nosuch"],"filter":{"category":"nosuch","attribute":{"constructor":"x"}}}`}, status: 200},
		attack{name: "an id of 10,000 bytes", request: request{body: `{"anonymous_id":"` + strings.Repeat("a", 10_000) + `"}`}, status: 200},
	)
	return append(all, attack{name: "everything that may be asked", request: request{method: "POST", path: "/v1/recommendations", key: secretKey,
		body: `{"user_id":"u1","exclude":[` + repeated(`"p"`, 1000) + `],"items":[` + repeated(`"p"`, 200) + `],"cart":[` + repeated(`"p"`, 200) + `]}`}, status: 200})
}

func batchAttacks() []attack {
	return as(request{method: "POST", path: "/v1/recommendations/batch", key: secretKey},
		attack{name: "nothing", status: 400, code: "invalid_json"},
		attack{name: "an array", request: request{body: `[{}]`}, status: 400, code: "invalid_json"},
		attack{name: "no requests", request: request{body: `{}`}, status: 400, code: "required"},
		attack{name: "null for the requests", request: request{body: `{"requests":null}`}, status: 400, code: "invalid_type"},
		attack{name: "an object for the requests", request: request{body: `{"requests":{"0":{}}}`}, status: 400, code: "invalid_type"},
		attack{name: "101 requests", request: request{body: `{"requests":[` + repeated("{}", 101) + `]}`}, status: 413, code: "too_large"},
		attack{name: "a million requests", request: request{body: `{"requests":[` + repeated("1", 1_000_000) + `]}`}, status: 413, code: "too_large"},
		attack{name: "a field beside them", request: request{body: `{"requests":[],"key":"sk_test"}`}, status: 400, code: "unknown_field"},
		attack{name: "requests that are none", request: request{body: `{"requests":[null,1,"x",[],{"x":1}]}`}, status: 200},
		attack{name: "a batch of batches", request: request{body: `{"requests":[{"requests":[{}]}]}`}, status: 200},
		attack{name: "with a write key", request: request{key: writeKey, body: `{"requests":[{"anonymous_id":"a"}]}`}, status: 403, code: "scope_insufficient"},
	)
}
