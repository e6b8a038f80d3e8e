package main

import (
	"cartwright/sessions"
	"cartwright/sessions/enrich"
	"cartwright/sessions/wire"
)

// enricher returns what the decoder fills into every event of what its request
// tells: device, bot, channel, campaign and the truncated address.
func enricher(agents *enrich.UserAgents) func(*sessions.Event, wire.Client) {
	return func(e *sessions.Event, c wire.Client) {
		if client := agents.Client(c.UserAgent); !client.Library { // which says nothing of the shopper
			e.Device, e.Payload.Browser, e.OS, e.Bot = client.Device, client.Browser, client.OS, client.Bot
		}
		e.Address = enrich.TruncateAddress(c.Address)
		if c.DoNotTrack {
			e.Consent = "denied"
		}
		if e.Page == nil {
			return
		}
		e.Channel = enrich.ChannelOf(e.Page.Referrer, e.Page.URL)
		if e.Campaign == nil {
			e.Campaign = campaign(enrich.CampaignOf(e.Page.URL))
		}
	}
}

// campaign returns what an address says of a campaign, nil for nothing.
func campaign(c enrich.Campaign) *sessions.Campaign {
	if c.Empty() {
		return nil
	}
	return &sessions.Campaign{
		Source: c.Source, Medium: c.Medium, Name: c.Name, Term: c.Term, Content: c.Content, ClickID: c.ClickID,
	}
}
