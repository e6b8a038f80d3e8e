package enrich

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// hostOf returns the host of an address in lower case without its port, "" if
// the address names none. Apps are named like hosts:
// "android-app://com.facebook.katana" gives "com.facebook.katana".
func hostOf(address string) string {
	if host, ok := plainHost(address); ok {
		return host
	}
	return parsedHost(address)
}

// parsedHost is hostOf for any address.
func parsedHost(address string) string {
	parsed, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		// A broken escape in the path must not hide the host.
		origin, _, _ := strings.Cut(address, "?")
		scheme, rest, found := strings.Cut(origin, "://")
		if !found {
			return ""
		}
		host, _, _ := strings.Cut(rest, "/")
		if parsed, err = url.Parse(scheme + "://" + host); err != nil {
			return ""
		}
	}
	return strings.Trim(strings.ToLower(parsed.Hostname()), ".")
}

// plainHost returns the host of an ordinary address, http or https to a host of
// small letters, which nearly all are, without parsing the rest of it. Escapes,
// users and ports are left to those who know the rules.
func plainHost(address string) (host string, ok bool) {
	rest, ok := strings.CutPrefix(address, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(address, "http://"); !ok {
			return "", false
		}
	}
	for i := range len(rest) {
		switch c := rest[i]; {
		case c == '/':
			host = rest[:i]
			return host, host == strings.Trim(host, ".")
		case c == '.', c == '-', '0' <= c && c <= '9', 'a' <= c && c <= 'z':
		default:
			return "", false
		}
	}
	return "", false
}

// siteOf returns the part of a host that one owner registers: "example.co.uk"
// for "www.example.co.uk", by the public suffix list. A shop at a platform
// ("gifts.myshopify.com") is a site of its own. Numeric addresses and bare names
// ("localhost") are their own site.
func siteOf(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	site, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return site
}

// The kinds of site that channels tell apart.
type siteKind uint8

const (
	plainSite siteKind = iota
	searchSite
	socialSite
	videoSite
	shoppingSite
	mailSite
)

// kindOfHost tells the kind of the site at host. Some hosts of a search company
// are something else, so the whole host is asked first.
func kindOfHost(host string) siteKind {
	if host == "" {
		return plainSite
	}
	if kind := kindOfService(host); kind != plainSite {
		return kind
	}
	name, _, _ := strings.Cut(siteOf(host), ".")
	return kindOfName(name)
}

// kindOfService knows hosts and apps that differ from what their site is.
func kindOfService(host string) siteKind {
	first, _, _ := strings.Cut(host, ".")
	switch host {
	case "t.co", "t.me", "vk.com", "x.com", "wa.me", "lnkd.in", "fb.me", "com.facebook.katana", "com.linkedin.android",
		"com.instagram.android", "com.twitter.android", "com.pinterest", "org.telegram.messenger", "com.reddit.frontpage":
		return socialSite
	case "youtu.be", "com.google.android.youtube":
		return videoSite
	case "com.google.android.googlequicksearchbox":
		return searchSite
	case "com.google.android.gm", "outlook.live.com", "outlook.office.com", "outlook.office365.com":
		return mailSite
	case "groups.google.com", "plus.google.com":
		return socialSite
	}
	switch {
	case first == "mail" || first == "webmail":
		return mailSite
	case first == "shopping":
		return shoppingSite
	}
	return plainSite
}

// kindOfName knows sites by the name they have under any country's ending, and
// the short names that utm_source uses for them.
func kindOfName(name string) siteKind {
	switch name {
	case "google", "bing", "yahoo", "duckduckgo", "baidu", "yandex", "ecosia", "qwant", "startpage", "naver",
		"seznam", "ask", "aol", "sogou", "so", "brave", "swisscows", "mojeek", "kagi", "daum", "presearch",
		"dogpile", "lycos", "adwords", "googleads", "bingads":
		return searchSite
	case "facebook", "fb", "instagram", "ig", "twitter", "x", "linkedin", "pinterest", "reddit", "tiktok",
		"snapchat", "vk", "vkontakte", "tumblr", "threads", "mastodon", "bsky", "bluesky", "whatsapp", "telegram",
		"discord", "quora", "xing", "weibo", "line", "messenger", "meta", "nextdoor", "odnoklassniki", "ok":
		return socialSite
	case "youtube", "vimeo", "twitch", "dailymotion", "netflix", "hulu", "bilibili", "youku", "iqiyi", "wistia":
		return videoSite
	case "amazon", "ebay", "etsy", "alibaba", "aliexpress", "walmart", "rakuten", "shopzilla", "pricegrabber",
		"idealo", "kelkoo", "pricerunner", "shopify", "shop", "mercadolibre", "mercadolivre", "googleshopping":
		return shoppingSite
	case "gmail", "hotmail", "protonmail":
		return mailSite
	}
	return plainSite
}
