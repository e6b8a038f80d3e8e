package enrich

import (
	"strings"

	"github.com/mileusna/useragent"
)

// deviceOf tells the kind of device. Televisions are asked for first because
// most of them also say Linux or Android.
func deviceOf(parsed useragent.UserAgent, userAgent string) string {
	switch {
	case isTV(userAgent):
		return TV
	case isTablet(parsed, userAgent):
		return Tablet
	case parsed.Mobile || containsAny(userAgent, "Opera Mini", "IEMobile", "iPod", "Symbian", "KAIOS", "BlackBerry", "BB10"):
		return Mobile
	case parsed.Desktop:
		return Desktop
	}
	return Other
}

// isTV knows the words by which televisions and the boxes beneath them name
// themselves.
func isTV(userAgent string) bool {
	return containsAny(userAgent, "SMART-TV", "SmartTV", "Smart TV", "SmartHub", "HbbTV", "GoogleTV", "Google TV",
		"AppleTV", "Apple TV", "Android TV", "BRAVIA", "NetCast", "NETTV", "Web0S", "WebOS.TV", "CrKey", "Roku/",
		"Large Screen", "AFTB", "AFTM", "AFTN", "AFTS", "AFTT", "DTV", "tvOS")
}

// isTablet tells tablets. Android browsers on a phone say Mobile, on a tablet
// they do not; that holds for browsers only, apps often leave the word out.
func isTablet(parsed useragent.UserAgent, userAgent string) bool {
	if parsed.Tablet || containsAny(userAgent, "iPad", "Tablet", "Kindle", "PlayBook", "Silk/") && !strings.Contains(userAgent, "Mobile") {
		return !strings.Contains(userAgent, "Tablet PC") // Windows desktops with .NET say so
	}
	if isDesktopPageOfIOS(userAgent) {
		return true
	}
	return parsed.OS == useragent.Android && strings.HasPrefix(userAgent, "Mozilla/") &&
		!containsAny(userAgent, "Mobile", "Opera Mini", "Opera Mobi")
}

// isDesktopPageOfIOS tells an iPad that asks for desktop pages and so calls itself
// a Macintosh, if its browser's name for iOS gives it away. Safari's does not.
func isDesktopPageOfIOS(userAgent string) bool {
	return strings.Contains(userAgent, "Macintosh") && containsAny(userAgent, "CriOS/", "EdgiOS/", "FxiOS/", "OPiOS/")
}

// browserOf returns the browser's family: one name for a browser on all
// systems. Browsers inside apps are named by the app, which stands beside the
// engine's name.
func browserOf(parsed useragent.UserAgent, userAgent string) string {
	switch {
	case containsAny(userAgent, "UCBrowser", "UCWEB", "UCMobile", "UBrowser", "UC Browser"):
		return "UC Browser"
	case containsAny(userAgent, "Opera Mini/", "OPiOS/"):
		return "Opera Mini"
	case containsAny(userAgent, "Opera Mobi", "Opera Tablet"):
		return "Opera"
	case containsAny(userAgent, "Trident/", "IEMobile/"):
		return "Internet Explorer"
	case containsAny(userAgent, "YaBrowser/", "YaSearchBrowser/"):
		return "Yandex Browser"
	case strings.Contains(userAgent, "MicroMessenger/"):
		return "WeChat"
	case strings.Contains(userAgent, "Instagram "):
		return "Instagram"
	case containsAny(userAgent, "FBAN/", "FBAV/"):
		return "Facebook"
	case containsAny(userAgent, "[Pinterest/", "Pinterest for"):
		return "Pinterest"
	}
	return family(parsed.Name, userAgent)
}

// family gives the parser's names for one browser a single one.
func family(name, userAgent string) string {
	switch name {
	case useragent.SamsungBrowser:
		return "Samsung Internet"
	case useragent.OperaTouch:
		return "Opera"
	case useragent.TiktokApp:
		return "TikTok"
	case "Android browser":
		return "Android Browser"
	}
	if strings.HasSuffix(name, " Safari") { // "Mobile Safari", "TV Safari"
		return useragent.Safari
	}
	return shortName(name, userAgent)
}

// osOf returns the operating system's family. The parser knows the common forms;
// what it takes for its relatives or leaves open is told by single words.
func osOf(parsed useragent.UserAgent, userAgent string) string {
	switch {
	case containsAny(userAgent, "Windows Phone", "IEMobile", "ZuneWP", "; wds "):
		return "Windows Phone"
	case containsAny(userAgent, "iPod", "iPh OS"), isDesktopPageOfIOS(userAgent):
		return useragent.IOS
	case containsAny(userAgent, "KAIOS", "KaiOS"):
		return "KaiOS"
	case strings.Contains(userAgent, "Tizen"):
		return "Tizen"
	case containsAny(userAgent, "Web0S", "webOS", "hpwOS"):
		return "webOS"
	case containsAny(userAgent, "Silk/", "JUC", "; Adr "):
		return useragent.Android
	}
	switch parsed.OS {
	case useragent.ChromeOS:
		return "Chrome OS"
	case "":
		return guessOS(userAgent)
	}
	return parsed.OS
}

// guessOS reads what old browsers and apps say. Apple's apps name only the
// kernel: with a processor or a Mac's model it is a Mac, else a phone or tablet.
func guessOS(userAgent string) string {
	switch {
	case containsAny(userAgent, "Android", "android "):
		return useragent.Android
	case strings.Contains(userAgent, "Darwin/") && containsAny(userAgent, "(x86_64", "(i386", "(arm64"):
		return useragent.MacOS
	case containsAny(userAgent, "iPhone", "iPad", "iOS", "CFNetwork/"):
		return useragent.IOS
	case containsAny(userAgent, "Mac OS X", "Macintosh", "Mac_PowerPC"):
		return useragent.MacOS
	case containsAny(userAgent, "Windows", "Win98", "Win95", "WinNT"):
		return useragent.Windows
	case strings.Contains(userAgent, "Linux"):
		return useragent.Linux
	}
	return ""
}

// containsAny tells whether s contains one of words.
func containsAny(s string, words ...string) bool {
	for _, word := range words {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}
