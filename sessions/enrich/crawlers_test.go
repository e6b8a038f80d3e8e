package enrich

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type crawlerEntry struct {
	Pattern   string   `json:"pattern"`
	Instances []string `json:"instances"`
}

func crawlerEntries(t testing.TB) []crawlerEntry {
	t.Helper()
	var entries []crawlerEntry
	if err := json.Unmarshal([]byte(crawlerList), &entries); err != nil {
		t.Fatal(err)
	}
	return entries
}

func newUserAgents(t testing.TB, allowed ...string) *UserAgents {
	t.Helper()
	agents, err := NewUserAgents(allowed...)
	if err != nil {
		t.Fatal(err)
	}
	return agents
}

// Every example of the list is recognised, by the list and not only by the
// contact address it may carry.
func TestEveryListedInstanceIsABot(t *testing.T) {
	agents, patterns, instances := newUserAgents(t), 0, 0
	for _, entry := range crawlerEntries(t) {
		patterns++
		for _, instance := range entry.Instances {
			instances++
			if name, _ := agents.crawlers.match(instance); name == "" {
				t.Errorf("pattern %q: not in the list: %s", entry.Pattern, instance)
			}
			client := agents.Client(instance)
			if !client.Bot || client.Device != BotKind || client.BotName == "" || client.Browser != "" || client.OS != "" {
				t.Errorf("pattern %q: %+v for %s", entry.Pattern, client, instance)
			}
		}
	}
	if patterns != 1498 || instances != 2116 {
		t.Errorf("the list has %d patterns and %d instances, the README says 1498 and 2116", patterns, instances)
	}
}

// The literals find exactly what the list's regular expressions find, on the
// list's own examples and on what is left of them without their first and last
// byte or, for some, in small letters, which most expressions do not match.
func TestCrawlersAgreeWithTheirExpressions(t *testing.T) {
	entries := crawlerEntries(t)
	expressions := make([]*regexp.Regexp, len(entries))
	for i, entry := range entries {
		expressions[i] = regexp.MustCompile(entry.Pattern)
	}
	crawlers := newUserAgents(t).crawlers
	for i, entry := range entries {
		for _, instance := range entry.Instances {
			texts := []string{instance, instance[1:], instance[:len(instance)-1]}
			if i%10 == 0 { // small letters cost a try of every expression
				texts = append(texts, strings.ToLower(instance))
			}
			for _, text := range texts {
				want := expressions[i].MatchString(text) ||
					slices.ContainsFunc(expressions, func(e *regexp.Regexp) bool { return e.MatchString(text) })
				if name, _ := crawlers.match(text); (name != "") != want {
					t.Errorf("match %q: %v, the expressions say %v", text, name != "", want)
				}
			}
		}
	}
}

func TestCompilePattern(t *testing.T) {
	cases := []struct {
		expression string
		literals   string
		confirmed  bool
	}{
		{`Googlebot\/`, "Googlebot/", false},
		{`[wW]get`, "Wget wget", false},
		{`(sistrix|SISTRIX) [cC]rawler`, "sistrix Crawler|sistrix crawler|SISTRIX Crawler|SISTRIX crawler", false},
		{`^curl`, "curl", true},
		{`SSL Labs$`, "SSL Labs", true},
		{`Current[\s\S]*RSS Reader`, "RSS Reader", true},
		{`AdsBot-Google([^-]|$)`, "AdsBot-Google", true},
		{`Netumo|netumo`, "Netumo netumo", false},
	}
	for _, c := range cases {
		p, err := compilePattern(c.expression)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		separator := " "
		if strings.Contains(c.literals, "|") || p.confirm != nil || len(p.literals) == 1 {
			separator = "|"
		}
		if got := strings.Join(p.literals, separator); got != c.literals || (p.confirm != nil) != c.confirmed {
			t.Errorf("%s: literals %q, confirmed %v", c.expression, got, p.confirm != nil)
		}
	}
	for _, expression := range []string{`(`, `a|bcd`, `.*`, `[a-z]+bo`, ``} {
		if _, err := compilePattern(expression); err == nil {
			t.Errorf("%q was accepted", expression)
		}
	}
}

func TestCrawlerNames(t *testing.T) {
	agents := newUserAgents(t)
	cases := map[string]string{
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)":                      "Googlebot",
		"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/1 Safari/5": "bingbot",
		"curl/8.5.0":  "curl",
		"Wget/1.21.4": "Wget",
		"Novelbot9/1.0 (+https://example.com/novel)":       "Novelbot9",
		"+https://example.com/":                            "unlisted",
		"Mozilla/5.0 (compatible; +https://example.com/x)": "unlisted",
	}
	for userAgent, want := range cases {
		if got := agents.Client(userAgent); got.BotName != want || !got.Bot {
			t.Errorf("%s: %+v, want %s", userAgent, got, want)
		}
	}
}

func TestAllowedCrawler(t *testing.T) {
	const headless = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36"
	if client := newUserAgents(t).Client(headless); !client.Bot || client.BotName != "HeadlessChrome" {
		t.Errorf("by default: %+v", client)
	}
	want := Client{Device: Desktop, Browser: "Headless Chrome", OS: "Linux"}
	if client := newUserAgents(t, "HeadlessChrome").Client(headless); client != want {
		t.Errorf("allowed: %+v, want %+v", client, want)
	}
	if _, err := NewUserAgents("NoSuchBot"); err == nil || !strings.Contains(err.Error(), "NoSuchBot") {
		t.Errorf("a name that is not in the list: %v", err)
	}
}
