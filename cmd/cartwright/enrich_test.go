package main

import (
	"testing"

	"cartwright/sessions"
	"cartwright/sessions/enrich"
	"cartwright/sessions/wire"
)

// What an event is told of its sender: a crawler is a bot, a library that sends
// for somebody is nobody in particular, a browser is what it says.
func TestEnrich(t *testing.T) {
	agents, err := enrich.NewUserAgents()
	if err != nil {
		t.Fatal(err)
	}
	tell := enricher(agents)
	for agent, want := range map[string]sessions.Payload{
		"":                   {},
		"curl/8.5.0":         {},
		"Go-http-client/1.1": {},
		"axios/1.7.2":        {},
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": {Bot: true, Device: "bot"},
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":   {Device: "desktop", Browser: "Firefox", OS: "Linux"},
	} {
		var e sessions.Event
		tell(&e, wire.Client{UserAgent: agent, Address: "203.0.113.9"})
		want.Address = "203.0.113.0"
		if e.Bot != want.Bot || e.Device != want.Device || e.Payload.Browser != want.Browser || e.OS != want.OS || e.Address != want.Address {
			t.Errorf("%q: %+v", agent, e.Payload)
		}
	}
	e := sessions.Event{Payload: sessions.Payload{Page: &sessions.PageInfo{
		URL: "https://shop.example/?utm_source=News&utm_medium=email", Referrer: "https://mail.example/",
	}}}
	tell(&e, wire.Client{DoNotTrack: true})
	if e.Channel != "email" || e.Campaign == nil || e.Campaign.Source != "News" || e.Consent != "denied" {
		t.Errorf("a newsletter's link: %+v", e.Payload)
	}
}
