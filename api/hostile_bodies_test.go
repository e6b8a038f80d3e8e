package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// attacksByBodies are bodies that are no JSON, too much of it, or packed wrongly.
func attacksByBodies(t testing.TB) (all []attack) {
	const page = `{"type":"page","anonymousId":"a"}`
	batch := func(items string) string { return `{"batch":[` + items + `]}` }
	zip := func(text string) string { return zipped(t, text) }
	deep := func(n int) string {
		return `{"type":"page","anonymousId":"deep","properties":{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}}`
	}
	for _, path := range []string{"/v1/batch", "/v1/events", "/v1/page"} {
		all = append(all, as(request{method: "POST", path: path, key: writeKey},
			attack{name: "nothing", status: 400, code: "invalid_json"},
			attack{name: "a blank", request: request{body: " "}, status: 400, code: "invalid_json"},
			attack{name: "null", request: request{body: "null"}, status: 400, code: "invalid_json"},
			attack{name: "an array", request: request{body: "[" + page + "]"}, status: 400, code: "invalid_json"},
			attack{name: "a text", request: request{body: `"page"`}, status: 400, code: "invalid_json"},
			attack{name: "a number", request: request{body: "1e400"}, status: 400, code: "invalid_json"},
			attack{name: "half", request: request{body: page[:len(page)-1]}, status: 400, code: "invalid_json"},
			attack{name: "two", request: request{body: page + page}, status: 400, code: "invalid_json"},
			attack{name: "lines", request: request{body: page + "\n" + page}, status: 400, code: "invalid_json"},
			attack{name: "a comma too many", request: request{body: `{"anonymousId":"a",}`}, status: 400, code: "invalid_json"},
			attack{name: "single quotes", request: request{body: `{'anonymousId':'a'}`}, status: 400, code: "invalid_json"},
			attack{name: "no quotes", request: request{body: `{anonymousId:1}`}, status: 400, code: "invalid_json"},
			attack{name: "a comment", request: request{body: `{/**/"anonymousId":"a"}`}, status: 400, code: "invalid_json"},
			attack{name: "a byte order mark", request: request{body: "\ufeff" + page}, status: 400, code: "invalid_json"},
			attack{name: "UTF-16", request: request{body: "{\x00}\x00"}, status: 400, code: "invalid_json"},
			attack{name: "Latin-1", request: request{body: "{\"anonymousId\":\"\xe4\"}"}, status: 400, code: "invalid_json"},
			attack{name: "a surrogate in UTF-8", request: request{body: "{\"anonymousId\":\"\xed\xa0\x80\"}"}, status: 400, code: "invalid_json"},
			attack{name: "overlong UTF-8", request: request{body: "{\"anonymousId\":\"\xc0\x80\"}"}, status: 400, code: "invalid_json"},
			attack{name: "a control character", request: request{body: "{\"anonymousId\":\"\x01\"}"}, status: 400, code: "invalid_json"},
			attack{name: "U+0000 between", request: request{body: "{\x00\"anonymousId\":\"a\"}"}, status: 400, code: "invalid_json"},
			attack{name: "a bad escape", request: request{body: `{"anonymousId":"\x41"}`}, status: 400, code: "invalid_json"},
			attack{name: "half an escape", request: request{body: `{"anonymousId":"\u12"}`}, status: 400, code: "invalid_json"},
			attack{name: "leading zeros", request: request{body: `{"anonymousId":007}`}, status: 400, code: "invalid_json"},
			attack{name: "NaN", request: request{body: `{"anonymousId":NaN}`}, status: 400, code: "invalid_json"},
			attack{name: "Infinity", request: request{body: `{"anonymousId":-Infinity}`}, status: 400, code: "invalid_json"},
			attack{name: "a form", request: request{body: "anonymousId=a&type=page", headers: []string{"Content-Type: application/x-www-form-urlencoded"}}, status: 400, code: "invalid_json"},
			attack{name: "XML", request: request{body: `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>`, headers: []string{"Content-Type: application/xml"}}, status: 400, code: "invalid_json"},
			attack{name: "30,000 brackets", request: request{body: strings.Repeat("[", 30_000)}, status: 400, code: "invalid_json"},
			attack{name: "5,000 objects within each other", request: request{body: strings.Repeat(`{"a":`, 5_000)}, status: 400, code: "invalid_json"},
			attack{name: "101 deep", request: request{body: deep(200)}, status: 400, code: "invalid_json"},
			attack{name: "a byte over 4 MB", request: request{body: `{"x":"` + strings.Repeat("x", 4<<20) + `"}`}, status: 413, code: "too_large"},
			attack{name: "a bomb", request: request{body: zip(strings.Repeat(" ", 64<<20)), headers: []string{"Content-Encoding: gzip"}}, status: 413, code: "too_large"},
			attack{name: "many bombs after each other", request: request{body: strings.Repeat(zip(strings.Repeat(" ", 1<<20)), 8), headers: []string{"Content-Encoding: gzip"}}, status: 413, code: "too_large"},
			attack{name: "gzip of gzip", request: request{body: zip(zip(page)), headers: []string{"Content-Encoding: gzip"}}, status: 400, code: "invalid_json"},
			attack{name: "gzip of gzip, both told", request: request{body: zip(zip(page)), headers: []string{"Content-Encoding: gzip, gzip"}}, status: 415, code: "encoding_unsupported"},
			attack{name: "rubbish after gzip", request: request{body: zip(page) + "rubbish", headers: []string{"Content-Encoding: gzip"}}, status: 400, code: "invalid_json"},
			attack{name: "a gzip header and no more", request: request{body: "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", headers: []string{"Content-Encoding: gzip"}}, status: 400, code: "invalid_json"},
			attack{name: "a gzip header that does not end", request: request{body: "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff" + strings.Repeat("n", 100_000), headers: []string{"Content-Encoding: gzip"}}, status: 400, code: "invalid_json"},
			attack{name: "zlib told as gzip", request: request{body: "\x78\x9c\x03\x00\x00\x00\x00\x01", headers: []string{"Content-Encoding: gzip"}}, status: 400, code: "invalid_json"},
			attack{name: "deflate", request: request{body: page, headers: []string{"Content-Encoding: deflate"}}, status: 415, code: "encoding_unsupported"},
			attack{name: "zstd", request: request{body: page, headers: []string{"Content-Encoding: zstd"}}, status: 415, code: "encoding_unsupported"},
		)...)
	}
	all = append(all, as(request{method: "POST", path: "/v1/batch", key: writeKey},
		attack{name: "a million brackets", request: request{body: strings.Repeat("[", 1_000_000)}, status: 400, code: "invalid_json"},
		attack{name: "a million brackets for the items", request: request{body: `{"batch":` + strings.Repeat("[", 1_000_000)}, status: 400, code: "invalid_json"},
		attack{name: "800,000 objects within each other", request: request{body: strings.Repeat(`{"a":`, 800_000)}, status: 400, code: "invalid_json"},
		attack{name: "no array", request: request{body: page}, status: 400, code: "invalid_json"},
		attack{name: "an object for the array", request: request{body: `{"batch":{"0":{}}}`}, status: 400, code: "invalid_json"},
		attack{name: "an array of another name", request: request{body: `{"events":[{}]}`}, status: 400, code: "invalid_json"},
		attack{name: "one over 2,500", request: request{body: batch(repeated("{}", 2501))}, status: 413, code: "too_large"},
		attack{name: "a million empty arrays", request: request{body: batch(repeated("[]", 1_000_000))}, status: 413, code: "too_large"},
		attack{name: "the array twice, the last counts", request: request{body: `{"batch":[{},{},{}],"batch":[` + page + `]}`}, status: 200, accepted: 1},
		attack{name: "the array twice, once hidden", request: request{body: `{"batch":[` + page + `],"\u0062atch":[]}`}, status: 200},
		attack{name: "things that are no items", request: request{body: batch(`null,1,"x",[],{},true`)}, status: 200,
			rejected: "invalid_json invalid_json invalid_json invalid_json unknown_type invalid_json"},
		attack{name: "bad among good", request: request{body: batch(page + `,{"type":"page"},` + page + `,{"type":"track","userId":"u"},` + page)}, status: 200,
			rejected: "identity_missing event_missing", accepted: 3},
		attack{name: "2,500 bad ones", request: request{body: batch(repeated(`{"type":"page"}`, 2500))}, status: 200, rejected: strings.Repeat("identity_missing ", 2500)},
		attack{name: "an item of 33 KB among others", request: request{body: batch(page + `,{"type":"page","anonymousId":"a","name":"` + strings.Repeat("x", 33<<10) + `"}`)}, status: 200,
			rejected: "too_large", accepted: 1},
		attack{name: "sentAt that is no time", request: request{body: `{"sentAt":{"a":1},"batch":[` + page + `]}`}, status: 200, accepted: 1},
		attack{name: "sentAt of the year 10000", request: request{body: `{"sentAt":"10000-01-01T00:00:00Z","batch":[` + page + `]}`}, status: 200, accepted: 1},
		attack{name: "a key of another in the body", request: request{body: `{"writeKey":"sk_nobody","batch":[` + page + `]}`}, status: 200, accepted: 1},
	)...)
	return append(all, attack{name: "an item of 1 MB", request: request{method: "POST", path: "/v1/page", key: writeKey, body: strings.Repeat("[", 1_000_000)}, status: 413, code: "too_large", rejected: "too_large"},
		attack{name: "98 deep", request: request{method: "POST", path: "/v1/page", key: writeKey, body: deep(97)}, status: 200, accepted: 1},
		attack{name: fmt.Sprintf("%d members of one name", 2000), request: request{method: "POST", path: "/v1/page", key: writeKey,
			body: `{` + repeated(`"anonymousId":"a"`, 1500) + `}`}, status: 200, accepted: 1})
}
