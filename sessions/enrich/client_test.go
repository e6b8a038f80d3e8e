package enrich

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	chromeWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
	safariPhone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)

func TestClient(t *testing.T) {
	cases := []struct {
		userAgent           string
		device, browser, os string
	}{
		{"", "", "", ""},
		{"  ", "", "", ""},
		{chromeWindows, Desktop, "Chrome", "Windows"},
		{chromeWindows + " Edg/126.0.0.0", Desktop, "Edge", "Windows"},
		{safariPhone, Mobile, "Safari", "iOS"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", Desktop, "Safari", "macOS"},
		{"Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1", Tablet, "Safari", "iOS"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.35 Mobile/15E148 Safari/604.1", Mobile, "Chrome", "iOS"},
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36", Mobile, "Chrome", "Android"},
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", Tablet, "Chrome", "Android"},
		{"Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36", Mobile, "Samsung Internet", "Android"},
		{"Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", Mobile, "Firefox", "Android"},
		{"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", Desktop, "Firefox", "Linux"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", Desktop, "Chrome", "Chrome OS"},
		{"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", Desktop, "Internet Explorer", "Windows"},
		{chromeWindows + " OPR/111.0.0.0", Desktop, "Opera", "Windows"},
		{"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/6.0 TV Safari/538.1", TV, "Safari", "Tizen"},
		{"Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36", TV, "Chrome", "webOS"},
		{"Mozilla/5.0 (Linux; Android 7.0; CUBOT_NOTE_S) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.93 Mobile Safari/537.36", Mobile, "Chrome", "Android"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126 Version/11.1.1 Safari/605.1.15", Tablet, "Chrome", "iOS"},
		{"nonsense", Other, "", ""},
	}
	agents := newUserAgents(t)
	for _, c := range cases {
		want := Client{Device: c.device, Browser: c.browser, OS: c.os}
		for _, turn := range []string{"new", "remembered"} {
			if got := agents.Client(c.userAgent); got != want {
				t.Errorf("%s: %+v, want %+v\n%s", turn, got, want, c.userAgent)
			}
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	agents := newUserAgents(t)
	for i := range 2 * cachedClients {
		agents.Client("nonsense " + strings.Repeat("x", i%700) + string(rune('a'+i%26)) + strings.Repeat("y", i/700))
	}
	if n := agents.cache.Len(); n != cachedClients {
		t.Errorf("%d clients remembered, want %d", n, cachedClients)
	}
	long := strings.Repeat("é", maxUserAgent)
	agents.Client(long)
	if agents.cache.Contains(long) || !agents.cache.Contains(long[:maxUserAgent]) {
		t.Error("a long user agent is remembered whole")
	}
}

type expectation struct {
	UserAgent string `yaml:"user_agent_string"`
	Family    string `yaml:"family"`
}

// expectations reads a test file of uap-core. It skips where the real data is
// absent.
func expectations(t *testing.T, name string) []expectation {
	t.Helper()
	data := os.Getenv("CARTWRIGHT_DATA")
	if data == "" {
		t.Skip("CARTWRIGHT_DATA is not set")
	}
	if _, err := os.Stat(data); err != nil {
		t.Skip("CARTWRIGHT_DATA is absent")
	}
	raw, err := os.ReadFile(filepath.Join(data, "uap-core", name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []expectation `yaml:"test_cases"`
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

// agreement compares what we say with what uap-core expects, for the families
// of names (theirs to ours), and fails under the share that was measured.
func agreement(t *testing.T, cases []expectation, names map[string]string, ours func(Client) string, measured float64) {
	t.Helper()
	agents, agreed, total := newUserAgents(t), 0, 0
	for _, c := range cases {
		want, mainstream := names[c.Family]
		client := agents.Client(c.UserAgent)
		if !mainstream || client.Bot {
			continue
		}
		total++
		if got := ours(client); got == want {
			agreed++
		} else {
			t.Logf("%s: we say %q: %s", c.Family, got, c.UserAgent)
		}
	}
	share := float64(agreed) / float64(max(total, 1))
	t.Logf("%d of %d agree (%.3f)", agreed, total, share)
	if share < measured {
		t.Errorf("%d of %d agree (%.3f), once it was %.3f", agreed, total, share, measured)
	}
}

func TestBrowsersAgreeWithUAPCore(t *testing.T) {
	names := map[string]string{
		"Chrome": "Chrome", "Chrome Mobile": "Chrome", "Chrome Mobile iOS": "Chrome",
		"Firefox": "Firefox", "Firefox Mobile": "Firefox", "Firefox iOS": "Firefox",
		"Safari": "Safari", "Mobile Safari": "Safari", "Edge": "Edge", "Edge Mobile": "Edge",
		"Opera": "Opera", "Opera Mobile": "Opera", "Opera Touch": "Opera", "Opera Mini": "Opera Mini",
		"IE": "Internet Explorer", "IE Mobile": "Internet Explorer", "Samsung Internet": "Samsung Internet",
		"UC Browser": "UC Browser", "Yandex Browser": "Yandex Browser", "Vivaldi": "Vivaldi",
		"Facebook": "Facebook", "Instagram": "Instagram", "Pinterest": "Pinterest", "WeChat Browser": "WeChat",
	}
	agreement(t, expectations(t, "test_ua.yaml"), names, func(c Client) string { return c.Browser }, 0.98)
}

func TestSystemsAgreeWithUAPCore(t *testing.T) {
	names := map[string]string{
		"iOS": "iOS", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS", "Linux": "Linux", "Ubuntu": "Linux",
		"Chrome OS": "Chrome OS", "Windows Phone": "Windows Phone", "KaiOS": "KaiOS", "webOS": "webOS", "Web0S": "webOS", "Tizen": "Tizen",
	}
	agreement(t, expectations(t, "test_os.yaml"), names, func(c Client) string { return c.OS }, 0.97)
}

// No ordinary browser is called a bot. The one exception is listed by uap-core
// as Chrome, but is Google's page previewer, and says so.
func TestMainstreamBrowsersAreNoBots(t *testing.T) {
	agents, seen := newUserAgents(t), 0
	for _, c := range expectations(t, "test_ua.yaml") {
		switch c.Family {
		case "Chrome", "Chrome Mobile", "Chrome Mobile iOS", "Chrome Mobile WebView", "Firefox", "Firefox Mobile", "Firefox iOS",
			"Safari", "Mobile Safari", "Mobile Safari UI/WKWebView", "Edge", "Edge Mobile":
			seen++
			if client := agents.Client(c.UserAgent); client.Bot && client.BotName != "Google Web Preview" {
				t.Errorf("%s is called %s: %s", c.Family, client.BotName, c.UserAgent)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d browsers were looked at", seen)
	}
}

func FuzzClient(f *testing.F) {
	for _, seed := range []string{"", chromeWindows, safariPhone, "curl/8", "\x00\xff(((", "Mozilla/5.0 (Linux; Android", "a+http://\x00", "FBAN", "Instagram "} {
		f.Add(seed)
	}
	agents := newUserAgents(f)
	f.Fuzz(func(t *testing.T, userAgent string) {
		client := agents.Client(userAgent)
		if again := agents.read(cut(userAgent, maxUserAgent)); client.Device != "" && again != client {
			t.Errorf("remembered %+v, read %+v", client, again)
		}
		if client.Bot != (client.BotName != "") || client.Bot != (client.Device == BotKind) {
			t.Errorf("undecided: %+v", client)
		}
		for _, name := range []string{client.Browser, client.OS, client.BotName} {
			if len(name) > maxName || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
				t.Errorf("unfit to be stored: %q", name)
			}
		}
	})
}

func BenchmarkClient(b *testing.B) {
	agents := newUserAgents(b)
	b.Run("remembered", func(b *testing.B) {
		for b.Loop() {
			agents.Client(chromeWindows)
		}
	})
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			agents.read(chromeWindows)
		}
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			agents.crawlers.match(chromeWindows)
		}
	})
	b.Run("compile", func(b *testing.B) {
		for b.Loop() {
			newUserAgents(b)
		}
	})
}
