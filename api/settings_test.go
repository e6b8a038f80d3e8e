package api_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// segmentSettings is what @segment/analytics-next reads of its settings.
type segmentSettings struct {
	Integrations map[string]struct {
		APIKey, APIHost, Protocol string
		AddBundledMetadata        *bool
	}
	Plan struct {
		Track map[string]struct{ Enabled bool }
	}
	MiddlewareSettings struct{ RoutingRules []any }
	EnabledMiddleware  map[string]bool
	RemotePlugins      []any
	Metrics            struct {
		SampleRate *float64
		Host       string
	}
}

func TestSegmentSettings(t *testing.T) {
	s := sqliteShop(t)
	for name, c := range map[string]struct {
		url, forwarded, key, host, protocol string
		tls                                 bool
	}{
		"plain":                     {url: "http://shop.example:8080/v1/projects/wk_test/settings", key: "wk_test", host: "shop.example:8080", protocol: "http"},
		"TLS":                       {url: "https://shop.example/v1/projects/wk_test/settings", tls: true, key: "wk_test", host: "shop.example", protocol: "https"},
		"a proxy that ends TLS":     {url: "http://shop.example/v1/projects/wk_test/settings", forwarded: "https", key: "wk_test", host: "shop.example", protocol: "https"},
		"the first of two proxies":  {url: "http://shop.example/v1/projects/wk_test/settings", forwarded: "https, http", key: "wk_test", host: "shop.example", protocol: "https"},
		"the second of two proxies": {url: "http://shop.example/v1/projects/wk_test/settings", forwarded: "http,https", key: "wk_test", host: "shop.example", protocol: "http"},
		"a proxy that ends nothing": {url: "http://shop.example/v1/projects/wk_test/settings", forwarded: "http", key: "wk_test", host: "shop.example", protocol: "http"},
		"nonsense of a proxy":       {url: "http://shop.example/v1/projects/wk_test/settings", forwarded: "javascript", key: "wk_test", host: "shop.example", protocol: "http"},
		"two parts":                 {url: "http://shop.example/v1/projects/wk_test:any/settings", key: "wk_test", host: "shop.example", protocol: "http"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := httptest.NewRequest(http.MethodGet, c.url, nil)
			asked.Header.Set("Origin", "https://shop.example")
			if c.forwarded != "" {
				asked.Header.Set("X-Forwarded-Proto", c.forwarded)
			}
			if asked.TLS = nil; c.tls {
				asked.TLS = &tls.ConnectionState{}
			}
			recorder := httptest.NewRecorder()
			s.server.ServeHTTP(recorder, asked)
			a := answer{recorder}
			a.wants(t, 200, "")
			described(t, asked, recorder)
			var got segmentSettings
			a.read(t, &got)
			segment := got.Integrations["Segment.io"]
			if len(got.Integrations) != 1 || segment.APIKey != c.key || segment.APIHost != c.host+"/v1" || segment.Protocol != c.protocol {
				t.Errorf("integrations %+v", got.Integrations)
			}
			if got.Metrics.SampleRate == nil || *got.Metrics.SampleRate != 0 || got.Metrics.Host != segment.APIHost {
				t.Errorf("the client measures itself elsewhere: %+v", got.Metrics)
			}
			if len(got.MiddlewareSettings.RoutingRules)+len(got.EnabledMiddleware)+len(got.RemotePlugins) > 0 || !got.Plan.Track["__default"].Enabled {
				t.Errorf("settings %s", a.Body)
			}
			if recorder.Header().Get("Access-Control-Allow-Origin") != "https://shop.example" || recorder.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", recorder.Header())
			}
		})
	}
}

// Whoever asks with a wrong key is told so, and a secret key has no place in an address.
func TestSettingsNeedAWriteKey(t *testing.T) {
	s := sqliteShop(t)
	for name, c := range map[string]struct {
		path, key string
		status    int
		code      string
	}{
		"segment, unknown":             {"/v1/projects/wk_other/settings", "", 401, "key_unknown"},
		"segment, unknown beside one":  {"/v1/projects/wk_other/settings", writeKey, 401, "key_unknown"},
		"segment, none":                {"/v1/projects/:/settings", "", 401, "key_missing"},
		"segment, secret":              {"/v1/projects/sk_test/settings", "", 403, "secret_key_in_query"},
		"segment, secret of two parts": {"/v1/projects/sk_test:x/settings", secretKey, 403, "secret_key_in_query"},
		"rudder, query":                {"/sourceConfig/?p=npm&v=3.34.1&build=modern&writeKey=wk_test&lockPluginsVersion=false", "", 200, ""},
		"rudder, basic":                {"/sourceConfig/?writeKey=wk_test", writeKey, 200, ""},
		"rudder, basic alone":          {"/sourceConfig", writeKey, 200, ""},
		"rudder, none":                 {"/sourceConfig/", "", 401, "key_missing"},
		"rudder, unknown":              {"/sourceConfig/?writeKey=wk_other", "", 401, "key_unknown"},
		"rudder, unknown by basic":     {"/sourceConfig/?writeKey=wk_test", "wk_other", 401, "key_unknown"},
		"rudder, secret":               {"/sourceConfig/?writeKey=sk_test", "", 403, "secret_key_in_query"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.do(request{method: http.MethodGet, path: c.path, key: c.key})
			a.wants(t, c.status, c.code)
			if strings.Contains(a.Body.String(), secretKey) {
				t.Errorf("the secret key is in the answer: %s", a.Body)
			}
		})
	}
}

// @rudderstack/analytics-js takes a configuration for one if it has these.
func TestSourceConfig(t *testing.T) {
	s := sqliteShop(t)
	for _, path := range []string{"/sourceConfig/?writeKey=wk_test", "/sourceConfig?writeKey=wk_test"} {
		a := s.do(request{method: http.MethodGet, path: path, headers: []string{"Origin: https://shop.example"}})
		a.wants(t, 200, "")
		type reporting struct{ Enabled *bool }
		var got struct {
			Source struct {
				ID, Name, WorkspaceID string
				Enabled               bool
				Config                struct {
					StatsCollection struct{ Errors, Metrics reporting }
				}
				Destinations []any
			}
		}
		a.read(t, &got)
		c, stats := got.Source, got.Source.Config.StatsCollection
		if c.ID == "" || c.Name == "" || c.WorkspaceID == "" || !c.Enabled || c.Destinations == nil || len(c.Destinations) > 0 {
			t.Errorf("%s: %s", path, a.Body)
		}
		if stats.Errors.Enabled == nil || *stats.Errors.Enabled || stats.Metrics.Enabled == nil || *stats.Metrics.Enabled {
			t.Errorf("%s: the client reports elsewhere: %s", path, a.Body)
		}
		if got := a.Header().Get("Access-Control-Allow-Origin"); got != "https://shop.example" {
			t.Errorf("%s lets in the origin %q", path, got)
		}
	}
}
