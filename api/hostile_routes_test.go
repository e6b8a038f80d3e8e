package api_test

import (
	"net/http"
	"slices"
	"strings"

	"cartwright/api"
)

// attacksOnRoutes are those that every route has to bear, whatever it does.
func attacksOnRoutes(routes []api.Route) (all []attack) {
	methods := map[string][]string{} // by path
	for _, r := range routes {
		methods[r.Path] = append(methods[r.Path], r.Method)
		if r.Browser {
			methods[r.Path] = append(methods[r.Path], http.MethodOptions)
		}
	}
	for path, taken := range methods {
		for _, method := range []string{"TRACE", "CONNECT", "DELETE", "PATCH", "PROPFIND"} {
			if slices.Contains(taken, method) {
				continue
			}
			all = append(all, attack{name: "another method", request: request{method: method, path: concrete(path), key: secretKey}, status: 405, code: "method_not_allowed"})
		}
		for _, suffix := range []string{"/", "/../x/y/z", "%2F..%2F..%2Fetc%2Fpasswd/x/y", "/%00/x/y"} {
			if methods[path+suffix] != nil {
				continue
			}
			all = append(all, attack{name: "a path beside it", request: request{method: taken[0], path: concrete(path) + suffix, key: secretKey, body: "{}"}, status: 404, code: "route_unknown"})
		}
	}
	for _, r := range routes {
		all = append(all, onRoute(r)...)
	}
	return all
}

// concrete is a path with something in the place of its parameters.
func concrete(path string) string {
	return strings.NewReplacer(":id", "999999", ":name", "nosuch", ":trigger", "trg_0", ":token", "nosuch", ":key", "wk_nobody").Replace(path)
}

// onRoute tries what needs no knowledge of a route but who may call it.
func onRoute(r api.Route) []attack {
	path := concrete(r.Path)
	with := func(query string) string { return path + "?" + query }
	switch {
	case r.Scope == "":
		return nil // open to all: see the other attacks
	case r.KeyInPath:
		return byKeysInPath(r)
	}
	all := as(request{method: r.Method, path: path, body: `{"anonymousId":"x","event":"x","batch":[{}],"events":[{}]}`},
		attack{name: "an unknown key", request: request{key: "sk_nobody"}, status: 401, code: "key_unknown"},
		attack{name: "a key of 10,000 bytes", request: request{key: strings.Repeat("k", 10_000)}, status: 401, code: "key_unknown"},
		attack{name: "a key with SQL", request: request{key: "' OR 1=1 --"}, status: 401, code: "key_unknown"},
		attack{name: "a key with U+0000", request: request{key: "sk_test\x00"}, status: 401, code: "key_unknown"},
		attack{name: "a key in other letters", request: request{key: "SK_TEST"}, status: 401, code: "key_unknown"},
		attack{name: "the hash of a key", request: request{key: "c0d9a4e6a1f2"}, status: 401, code: "key_unknown"},
		attack{name: "the secret key in the query", request: request{path: with("writeKey=" + secretKey)}, status: 403, code: "secret_key_in_query"},
		attack{name: "a method in a header", request: request{key: "sk_nobody", headers: []string{"X-HTTP-Method-Override: DELETE", "X-Original-Method: DELETE"}}, status: 401, code: "key_unknown"},
		attack{name: "another path in a header", request: request{key: "sk_nobody", headers: []string{"X-Original-URL: /healthz", "X-Rewrite-URL: /healthz"}}, status: 401, code: "key_unknown"},
	)
	if !r.KeyInBody {
		all = append(all, attack{name: "no key", request: request{method: r.Method, path: path, body: "{}"}, status: 401, code: "key_missing"})
	}
	if r.Scope == api.Secret {
		all = append(all, as(request{method: r.Method, path: path, key: writeKey, body: cartBody},
			attack{name: "a write key", status: 403, code: "scope_insufficient"},
			attack{name: "a write key from a trusted name", request: request{headers: []string{"Host: localhost", "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Origin: null"}}, status: 403, code: "scope_insufficient"},
			attack{name: "a write key and no JSON", request: request{body: strings.Repeat("[", 100_000)}, status: 403, code: "scope_insufficient"},
		)...)
	}
	return all
}

// byKeysInPath show keys where a route wants one in its path, and nowhere else.
func byKeysInPath(r api.Route) (all []attack) {
	in := func(key string) string { return strings.ReplaceAll(r.Path, ":key", key) }
	for _, key := range []string{"wk_nobody", "sk_nobody", "WK_TEST", "%20wk_test", "wk_test%00", "wk_test%2F", "%ff", "' OR 1=1", strings.Repeat("k", 10_000)} {
		all = append(all, attack{name: "an unknown key", request: request{method: r.Method, path: in(strings.ReplaceAll(key, " ", "%20"))}, status: 401, code: "key_unknown"})
	}
	return append(all,
		attack{name: "no key", request: request{method: r.Method, path: in("%3A")}, status: 401, code: "key_missing"},
		attack{name: "the secret key", request: request{method: r.Method, path: in(secretKey)}, status: 403, code: "secret_key_in_query"},
		attack{name: "the secret key, as two parts", request: request{method: r.Method, path: in(secretKey + ":x")}, status: 403, code: "secret_key_in_query"},
		attack{name: "a right key beside a wrong one", request: request{method: r.Method, path: in("wk_nobody"), key: secretKey}, status: 401, code: "key_unknown"},
		attack{name: "another host", request: request{method: r.Method, path: in(writeKey), headers: []string{"Host: evil.example\"><script>", "X-Forwarded-Proto: javascript"}}, status: 200},
	)
}
