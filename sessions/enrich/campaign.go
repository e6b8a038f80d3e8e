package enrich

import (
	"net/url"
	"strings"
)

// A Campaign is what an address says about how its visitor was brought here. A
// field that the address does not carry is empty. ClickID is the identifier an
// advertising network added, and ClickKind the parameter it stood in
// ("gclid", "fbclid", …).
type Campaign struct {
	Source    string `json:"source,omitempty"`
	Medium    string `json:"medium,omitempty"`
	Name      string `json:"name,omitempty"`
	Term      string `json:"term,omitempty"`
	Content   string `json:"content,omitempty"`
	ClickID   string `json:"click_id,omitempty"`
	ClickKind string `json:"click_kind,omitempty"`
}

// maxParameter bounds each field of a campaign in bytes. The longest click ids
// have some 200.
const maxParameter = 255

// CampaignOf reads the campaign out of a page's address, absolute or relative.
// Parameter names are read in any case; of a repeated parameter the first that
// is not empty counts, of several click ids the first in the address. Values are
// unescaped, freed of control characters and cut at 255 bytes; a value with
// broken escapes is taken as it stands. Parameters behind a # are not read.
func CampaignOf(pageURL string) Campaign {
	var c Campaign
	address, _, _ := strings.Cut(pageURL, "#")
	_, query, found := strings.Cut(address, "?")
	if !found {
		return c
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if value == "" || len(name) > len("utm_campaign") {
			continue
		}
		c.take(strings.ToLower(name), value)
	}
	return c
}

// take keeps a parameter's value if it belongs to a campaign and is the first of
// its kind.
func (c *Campaign) take(name, escaped string) {
	field := c.field(name)
	if field == nil || *field != "" {
		return
	}
	value, err := url.QueryUnescape(escaped)
	if err != nil {
		value = escaped
	}
	*field = clean(value, maxParameter)
	if field == &c.ClickID && *field != "" {
		c.ClickKind = name
	}
}

// field returns where the value of a parameter belongs, nil if nowhere.
func (c *Campaign) field(parameter string) *string {
	switch parameter {
	case "utm_source":
		return &c.Source
	case "utm_medium":
		return &c.Medium
	case "utm_campaign":
		return &c.Name
	case "utm_term":
		return &c.Term
	case "utm_content":
		return &c.Content
	}
	if clickChannel(parameter) != "" {
		return &c.ClickID
	}
	return nil
}

// clickChannel returns the channel a click id speaks of, "" for any other
// parameter. Facebook adds fbclid to unpaid links as well, so that it proves the
// network but no payment.
func clickChannel(parameter string) string {
	switch parameter {
	case "gclid", "gbraid", "wbraid", "msclkid", "yclid":
		return PaidSearch
	case "dclid":
		return Display
	case "ttclid", "twclid", "li_fat_id", "epik", "rdt_cid", "sccid":
		return PaidSocial
	case "fbclid", "igshid":
		return OrganicSocial
	case "irclickid", "awc":
		return Affiliate
	case "mc_eid", "_kx":
		return Email
	}
	return ""
}

// Empty tells whether the address said nothing of a campaign.
func (c Campaign) Empty() bool { return c == Campaign{} }
