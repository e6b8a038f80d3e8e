package enrich

import (
	"fmt"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/mileusna/useragent"
)

// Words for [Client.Device].
const (
	Desktop = "desktop"
	Mobile  = "mobile"
	Tablet  = "tablet"
	TV      = "tv"
	BotKind = "bot"
	Other   = "other" // something spoke, but not a kind we know: watches, consoles, libraries
)

// A Client is what a user agent says of itself. All fields are empty for an
// empty user agent. Browser and OS are family names without versions; they are
// empty for bots, which often pretend to be some browser.
//
// Safari on an iPad asks for desktop pages and calls itself a Macintosh; it is
// counted as a desktop, because nothing in its user agent tells them apart.
type Client struct {
	Device  string `json:"device,omitempty"`
	Browser string `json:"browser,omitempty"`
	OS      string `json:"os,omitempty"`
	Bot     bool   `json:"bot,omitempty"`
	BotName string `json:"bot_name,omitempty"`

	// Library is set for bots of the list that are HTTP libraries, such as curl
	// or axios. One that shows a key is a shop's server which sends for somebody.
	Library bool `json:"library,omitempty"`
}

const (
	// maxUserAgent is how many bytes of a user agent are looked at: the longest
	// in the crawler list has 285, in-app browsers some 500.
	maxUserAgent = 1024
	// maxName bounds the names taken out of a user agent, in bytes.
	maxName = 40
	// cachedClients bounds the memory of [UserAgents] to some 5 MB at worst. A
	// shop sees a few hundred different user agents an hour.
	cachedClients = 4096
)

// UserAgents turns user agent strings into clients and remembers the recent
// ones. It is safe for concurrent use.
type UserAgents struct {
	crawlers *crawlers
	cache    *lru.Cache[string, Client]
}

// NewUserAgents compiles the bundled crawler list, which takes some 5 ms: make
// one for the whole program. allowed names patterns of the list, as they are
// written there, that are not to count as bots: "HeadlessChrome" for a shop
// that watches itself with browser tests. It fails if the list cannot be read
// or has no such pattern.
func NewUserAgents(allowed ...string) (*UserAgents, error) {
	crawlers, err := newCrawlers(allowed)
	if err != nil {
		return nil, err
	}
	cache, err := lru.New[string, Client](cachedClients)
	if err != nil {
		return nil, fmt.Errorf("make the user agent cache: %w", err)
	}
	return &UserAgents{crawlers: crawlers, cache: cache}, nil
}

// Client tells what userAgent says. The same string always gives the same
// answer, remembered or not. It takes some 50 ns for a remembered user agent
// and 5 µs for a new one; bytes after the first 1,024 are not looked at.
func (u *UserAgents) Client(userAgent string) Client {
	userAgent = cut(userAgent, maxUserAgent)
	if strings.TrimSpace(userAgent) == "" {
		return Client{}
	}
	if client, ok := u.cache.Get(userAgent); ok {
		return client
	}
	client := u.read(userAgent)
	// The clone keeps the cache from holding on to a whole request.
	u.cache.Add(strings.Clone(userAgent), client)
	return client
}

// read does the work of Client without the cache.
func (u *UserAgents) read(userAgent string) Client {
	if name, library := u.crawlers.match(userAgent); name != "" {
		return Client{Device: BotKind, Bot: true, BotName: name, Library: library}
	}
	parsed := useragent.Parse(userAgent)
	if hasContact(userAgent) {
		return Client{Device: BotKind, Bot: true, BotName: botName(parsed, userAgent)}
	}
	return Client{
		Device:  deviceOf(parsed, userAgent),
		Browser: browserOf(parsed, userAgent),
		OS:      osOf(parsed, userAgent),
	}
}

// hasContact tells whether a user agent carries an address where its owner can
// be reached, "+https://example.com/bot": crawlers do so by convention, and
// browsers never. This finds the crawlers that no list knows yet.
func hasContact(userAgent string) bool {
	return strings.Contains(userAgent, "+http://") || strings.Contains(userAgent, "+https://")
}

// botName names a crawler that is not in the list, "unlisted" if it says no name.
func botName(parsed useragent.UserAgent, userAgent string) string {
	if name := shortName(parsed.Name, userAgent); name != "" {
		return name
	}
	return "unlisted"
}

// shortName returns a name found in a user agent, or "" if it is no name: the
// parser answers the whole text when it finds none.
func shortName(name, userAgent string) string {
	if name == userAgent || len(name) > maxName {
		return ""
	}
	return strings.Clone(clean(strings.Trim(name, "+-;:,([{\"' "), maxName))
}
