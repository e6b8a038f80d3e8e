package wire

import (
	"bytes"

	"cartwright/sessions"
)

// describe fills what the event tells besides: the page, the search, the
// campaign, and the properties as sent.
func describe(e *sessions.Event, it *item, p *properties) {
	page := it.surroundings.page
	if e.Kind == sessions.Page || e.Kind == sessions.Screen {
		// Elsewhere properties.url is the product's, not the page's.
		page = p.page.over(page)
	}
	e.Page = page.info()
	e.Campaign = it.surroundings.campaign.campaign()
	if e.Kind == sessions.ProductsSearched {
		e.Query = textOf(p.query)
	}
	kept := it.properties
	if !isObject(kept) {
		kept = it.traits
	}
	if isObject(kept) && len(kept) > len("{}") {
		e.Properties = bytes.Clone(kept)
	}
}

// over returns the fields of p, and where it has none those of q.
func (p pageFields) over(q pageFields) pageFields {
	for _, f := range [...]struct{ to, from *[]byte }{
		{&q.url, &p.url}, {&q.path, &p.path}, {&q.title, &p.title}, {&q.referrer, &p.referrer},
	} {
		if textOf(*f.from) != "" {
			*f.to = *f.from
		}
	}
	return q
}

// noReferrer is what RudderStack's browser client sends where there is none.
const noReferrer = "$direct"

// info returns the page, nil if nothing is known of it.
func (p pageFields) info() *sessions.PageInfo {
	info := sessions.PageInfo{
		URL: textOf(p.url), Path: textOf(p.path), Title: textOf(p.title), Referrer: textOf(p.referrer),
	}
	if info.Referrer == noReferrer {
		info.Referrer = ""
	}
	if info == (sessions.PageInfo{}) {
		return nil
	}
	return &info
}

// campaign returns the campaign, nil if nothing is known of it.
func (c campaignFields) campaign() *sessions.Campaign {
	campaign := sessions.Campaign{
		Source: textOf(c.source), Medium: textOf(c.medium), Name: textOf(c.name),
		Term: textOf(c.term), Content: textOf(c.content),
	}
	if campaign == (sessions.Campaign{}) {
		return nil
	}
	return &campaign
}
