package api_test

import (
	"encoding/base64"
	"strings"
)

// attacksOnJobs ask for jobs to be run, or not, with mistakes.
func attacksOnJobs() (all []attack) {
	for _, action := range []string{"run", "pause"} {
		post := request{method: "POST", path: "/v1/jobs/detection/" + action, key: secretKey}
		for _, body := range []string{`[]`, `"x"`, `{`, `{"reason":7}`, `{"reason":{}}`, `{"reason":"x","job":"y"}`, `{"reason":"x"}{}`, "{\"reason\":\"\xff\"}", "\ufeff{}", strings.Repeat("[", 100_000)} {
			all = append(all, as(post, attack{name: "a bad body " + body[:min(len(body), 20)], request: request{body: body}, status: 400, code: "invalid_json"})...)
		}
		for _, reason := range []string{`\u0000`, `a\u0000b`, strings.Repeat("x", 501)} {
			all = append(all, as(post, attack{name: "a bad reason " + reason[:min(len(reason), 20)], request: request{body: `{"reason":"` + reason + `"}`}, status: 400, code: "invalid_parameter"})...)
		}
		all = append(all, as(post, attack{name: "5 MB", request: request{body: strings.Repeat(" ", 5<<20)}, status: 413, code: "too_large"})...)
	}
	all = append(all, attack{name: "no reason", request: request{method: "POST", path: "/v1/jobs/detection/pause", key: secretKey, body: `{"reason":"  "}`}, status: 400, code: "invalid_parameter"})
	for _, name := range []string{"nosuch", "%00", "%ff", "..%2Fdetection", "DETECTION", "%27%20OR%201=1", strings.Repeat("x", 5000)} {
		for action, r := range map[string]request{
			"run": {method: "POST", body: `{"reason":"x"}`}, "pause": {method: "POST", body: `{"reason":"x"}`}, "resume": {method: "POST"}, "runs": {method: "GET"},
		} {
			r.path, r.key = "/v1/jobs/"+name+"/"+action, secretKey
			all = append(all, attack{name: action + " what is no job " + name[:min(len(name), 20)], request: r, status: 404, code: "not_found"})
		}
	}
	return all
}

// attacksByKeys show keys in wrong ways and places.
func attacksByKeys() (all []attack) {
	basic := func(text string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(text))
	}
	carts := request{method: "GET", path: "/v1/carts"}
	for _, header := range []string{
		"Authorization: Basic", "Authorization: Basic !!!", "Authorization: Bearer", "Authorization: Bearer  ", "Authorization: Digest username=sk_test", "Authorization: " + secretKey,
		basic(""), basic(":" + secretKey), "X-Api-Key: " + secretKey, "Cookie: key=" + secretKey, "X-Write-Key: ", "Proxy-Authorization: Bearer " + secretKey,
	} {
		all = append(all, as(carts, attack{name: header, request: request{headers: []string{header}}, status: 401, code: "key_missing"})...)
	}
	for _, header := range []string{
		basic("sk_tes:t"), basic("sk_test :"), basic(" sk_test:"), "Authorization: Bearer sk_test,wk_test", "Authorization: Bearer Bearer sk_test", "X-Write-Key: sk_test\u200b", "X-Write-Key: sk_test;", "X-Write-Key: key_1",
	} {
		all = append(all, as(carts, attack{name: header, request: request{headers: []string{header}}, status: 401, code: "key_unknown"})...)
	}
	all = append(all, as(carts,
		attack{name: "a wrong key before a right one", request: request{headers: []string{"Authorization: Bearer sk_nobody", "X-Write-Key: " + secretKey}}, status: 401, code: "key_unknown"},
		attack{name: "a write key before the secret one", request: request{headers: []string{"Authorization: Bearer " + writeKey, "X-Write-Key: " + secretKey}}, status: 403, code: "scope_insufficient"},
		attack{name: "two authorizations, the first counts", request: request{headers: []string{"Authorization: Bearer " + writeKey, "Authorization: Bearer " + secretKey}}, status: 403, code: "scope_insufficient"},
		attack{name: "the secret key in the query and in a header", request: request{path: "/v1/carts?writeKey=" + secretKey, key: secretKey}, status: 403, code: "secret_key_in_query"},
		attack{name: "the secret key in the query, escaped", request: request{path: "/v1/carts?%77riteKey=" + secretKey, key: secretKey}, status: 403, code: "secret_key_in_query"},
		attack{name: "another name in the query", request: request{path: "/v1/carts?key=" + secretKey}, status: 401, code: "key_missing"},
	)...)
	track := request{method: "POST", path: "/v1/track"}
	for _, body := range []string{
		`{"event":"x","anonymousId":"a"}`, `{"event":"x","anonymousId":"a","writeKey":""}`, `{"event":"x","anonymousId":"a","writeKey":{"$gt":""}}`, `{"event":"x","anonymousId":"a","writeKey":["wk_test"]}`,
		`{"event":"x","anonymousId":"a","writeKey":true}`, `{"event":"x","anonymousId":"a","writekey":"wk_test"}`, `{"event":"x","anonymousId":"a","writeKey":"wk_test","writeKey":null}`, `{"event":"x","anonymousId":"a","context":{"writeKey":"wk_test"}}`,
	} {
		all = append(all, as(track, attack{name: body[min(len(body)-1, 34):], request: request{body: body}, status: 401, code: "key_missing"})...)
	}
	for _, body := range []string{`{"event":"x","writeKey":"wk_nobody"}`, `{"event":"x","writeKey":"wk_test\u0000"}`, `{"event":"x","writeKey":7}`, `{"event":"x","writeKey":"` + strings.Repeat("k", 100_000) + `"}`} {
		all = append(all, as(track, attack{name: body[:min(len(body), 40)], request: request{body: body}, status: 401, code: "key_unknown"})...)
	}
	return append(all, as(request{method: "POST"},
		attack{name: "a key in the body where none is looked for", request: request{path: "/v1/events", body: `{"writeKey":"wk_test","events":[]}`}, status: 401, code: "key_missing"},
		attack{name: "a key in the body of an order", request: request{path: "/v1/orders", body: strings.Replace(orderBody, "{", `{"writeKey":"sk_test",`, 1)}, status: 401, code: "key_missing"},
		attack{name: "an order with a write key", request: request{path: "/v1/orders", key: writeKey, body: orderBody}, status: 403, code: "scope_insufficient"},
		attack{name: "a batch without a key", request: request{path: "/v1/batch", body: `{"batch":[{"type":"page","anonymousId":"a"}]}`}, status: 401, code: "key_missing"},
		attack{name: "a batch that is none, without a key", request: request{path: "/v1/batch", body: `[`}, status: 401, code: "key_missing"},
	)...)
}
