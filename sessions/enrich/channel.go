package enrich

import "strings"

// Channels: the words [ChannelOf] answers with.
const (
	Direct           = "direct"
	CrossNetwork     = "cross_network"
	PaidShopping     = "paid_shopping"
	PaidSearch       = "paid_search"
	PaidSocial       = "paid_social"
	PaidVideo        = "paid_video"
	Display          = "display"
	PaidOther        = "paid_other"
	OrganicShopping  = "organic_shopping"
	OrganicSocial    = "organic_social"
	OrganicVideo     = "organic_video"
	OrganicSearch    = "organic_search"
	Referral         = "referral"
	Email            = "email"
	Affiliate        = "affiliate"
	Audio            = "audio"
	SMS              = "sms"
	PushNotification = "push_notification"
	Unassigned       = "unassigned"
)

// ChannelOf tells the way somebody came to a page, from the page's address and
// the address of the page before it (the Referer header, or document.referrer).
// The rules are those of Google Analytics 4's default channel group, asked in
// this order; letters count in any case, and the source is utm_source, else the
// referring site:
//
//	cross_network      the campaign's name contains "cross-network"
//	paid_…             the medium is cpc, ppc, retargeting, paid… or contains "cp": shopping, search,
//	                   social or video by the source (shopping also by the campaign's name), else
//	                   display for medium cpm, else paid_other
//	display            medium display, banner, expandable, interstitial, cpm
//	organic_shopping   a shopping site, or a campaign whose name says shop or shopping
//	organic_social     a social network, or medium social, social-network, social-media, sm
//	organic_video      a video site, or a medium that contains "video"
//	organic_search     a search engine, or medium organic
//	email              a web mail site, source or medium email, e-mail, e_mail, mail, newsletter
//	affiliate          medium affiliate, affiliates
//	audio, sms         medium audio; source or medium sms
//	push_notification  a medium that ends in push or contains mobile or notification
//	referral           medium referral, app, link; any other site
//	unassigned         utm parameters that fit none of these
//	direct             neither campaign nor referrer
//
// A click id without utm_medium stands for its network: gclid, gbraid, wbraid,
// msclkid and yclid for paid_search, dclid for display, ttclid, twclid and
// their like for paid_social, fbclid for organic_social, because Facebook adds
// it to unpaid links as well.
//
// The answer is "" where nothing was measured: neither address is known, the
// referrer is no address, or it is a page of the same site, which only says that
// the visit went on.
func ChannelOf(referrer, pageURL string) string {
	campaign := CampaignOf(pageURL)
	host := hostOf(referrer)
	if !campaign.Empty() {
		return campaignChannel(campaign, host)
	}
	if host != "" {
		return referrerChannel(host, hostOf(pageURL))
	}
	if strings.TrimSpace(referrer) != "" || strings.TrimSpace(pageURL) == "" {
		return ""
	}
	return Direct
}

// campaignChannel is the channel of a visit whose address carries a campaign;
// host is the referring host and stands in for a missing source.
func campaignChannel(c Campaign, host string) string {
	medium := strings.ToLower(c.Medium)
	if medium == "" && c.ClickKind != "" {
		return clickChannel(c.ClickKind)
	}
	source, name := strings.ToLower(c.Source), strings.ToLower(c.Name)
	kind := kindOfSource(source)
	if source == "" {
		kind = kindOfHost(host)
	}
	switch {
	case strings.Contains(name, "cross-network"):
		return CrossNetwork
	case isPaid(medium):
		return paidChannel(kind, medium, name)
	case isDisplay(medium):
		return Display
	}
	if channel := mediumChannel(source, medium); channel != "" {
		return channel
	}
	if kind == plainSite && namesShop(name) {
		return OrganicShopping
	}
	if kind != plainSite {
		return organicChannel(kind)
	}
	return Unassigned
}

// kindOfSource reads utm_source, which people fill with hosts and with names.
func kindOfSource(source string) siteKind {
	if strings.Contains(source, ".") {
		return kindOfHost(strings.Trim(source, "."))
	}
	return kindOfName(source)
}

// isPaid tells the media that stand for bought clicks.
func isPaid(medium string) bool {
	return strings.Contains(medium, "cp") || medium == "ppc" || medium == "retargeting" || strings.HasPrefix(medium, "paid")
}

// isDisplay tells the media that stand for advertisements that are looked at.
func isDisplay(medium string) bool {
	switch medium {
	case "display", "banner", "expandable", "interstitial", "cpm":
		return true
	}
	return false
}

// paidChannel divides bought clicks by where they were bought.
func paidChannel(kind siteKind, medium, campaign string) string {
	switch {
	case kind == shoppingSite || namesShop(campaign):
		return PaidShopping
	case kind == searchSite:
		return PaidSearch
	case kind == socialSite:
		return PaidSocial
	case kind == videoSite:
		return PaidVideo
	case isDisplay(medium):
		return Display
	}
	return PaidOther
}

// namesShop tells whether a campaign's name has "shop" or "eshop" as the
// beginning of a word, or "shopping" anywhere: "workshop" does not count,
// "summer-shop" does. As in Google Analytics, any e before it will do.
func namesShop(campaign string) bool {
	if strings.Contains(campaign, "shopping") {
		return true
	}
	for rest := campaign; ; {
		at := strings.Index(rest, "shop")
		if at < 0 {
			return false
		}
		if at == 0 || !joins(rest[at-1]) {
			return true
		}
		rest = rest[at+len("shop"):]
		if rest == "" {
			return false
		}
	}
}

// joins tells the small letters, but for e, that make the "shop" after them the
// rest of another word; campaign names are compared in lower case.
func joins(b byte) bool { return 'a' <= b && b <= 'z' && b != 'e' }

// mediumChannel is the channel that a medium (or the bare source "email" or
// "sms") names outright, "" if it names none.
func mediumChannel(source, medium string) string {
	switch medium {
	case "social", "social-network", "social-media", "social network", "social media", "sm":
		return OrganicSocial
	case "organic":
		return OrganicSearch
	case "email", "e-mail", "e_mail", "e mail", "mail", "newsletter":
		return Email
	case "affiliate", "affiliates":
		return Affiliate
	case "referral", "app", "link":
		return Referral
	case "audio", "sms":
		return medium
	}
	switch {
	case strings.Contains(medium, "video"):
		return OrganicVideo
	case strings.HasSuffix(medium, "push"), strings.Contains(medium, "mobile"), strings.Contains(medium, "notification"):
		return PushNotification
	}
	switch source {
	case "email", "e-mail", "e_mail", "e mail", "newsletter":
		return Email
	case "sms":
		return SMS
	}
	return ""
}

// referrerChannel is the channel of a visit without a campaign, "" when the
// referring host belongs to the page's own site.
func referrerChannel(host, page string) string {
	if host == page || page != "" && siteOf(host) == siteOf(page) {
		return ""
	}
	return organicChannel(kindOfHost(host))
}

// organicChannel is the channel of an unpaid visit from a site of a kind.
func organicChannel(kind siteKind) string {
	switch kind {
	case searchSite:
		return OrganicSearch
	case socialSite:
		return OrganicSocial
	case videoSite:
		return OrganicVideo
	case shoppingSite:
		return OrganicShopping
	case mailSite:
		return Email
	}
	return Referral
}
