package wire

import (
	"regexp"

	"cartwright/sessions"
)

// Decoder turns items and forms into events. It holds no state and may be used
// by many goroutines at once.
type Decoder struct {
	// Currency is the shop's own, ISO 4217 in upper case, for events that name none.
	Currency string

	// Enrich, unless nil, is called last with each event decoded and what is known of
	// the shopper's machine, to fill what follows from it: device, bot, channel.
	Enrich func(*sessions.Event, Client)
}

// Client is what a request or an item's context tells of the shopper's machine.
type Client struct {
	UserAgent  string
	Address    string // not yet truncated: it must not be stored
	Locale     string
	Timezone   string
	DoNotTrack bool // the browser asks not to be tracked (DNT, Sec-GPC)
}

// Arrival is what is known of an item beside its body.
type Arrival struct {
	Type     string          // the call, when its path names it; "" to take the item's own type
	Received sessions.Millis // when the request came
	Sent     sessions.Millis // sentAt of the envelope, 0 if none; an item's own comes first
	Source   sessions.Source
	Client   Client // of the request; an item's context comes first
}

// Item turns one call of the Segment API into an event. Index is its place
// in the request, for the report of a refusal. The event keeps no memory of raw.
// It takes a few microseconds and about a dozen allocations.
func (d *Decoder) Item(index int, raw []byte, a Arrival) (*sessions.Event, *sessions.Rejected) {
	var it item
	e, r := d.item(&it, raw, a)
	if r != nil {
		rejected := r.rejected(index, raw)
		return nil, &rejected
	}
	return e, nil
}

// item decodes raw into it and returns its event.
func (d *Decoder) item(it *item, raw []byte, a Arrival) (*sessions.Event, *refusal) {
	if len(raw) > MaxItem {
		return nil, refuse(CodeTooLarge, "the item has %d bytes; at most %d are accepted", len(raw), MaxItem)
	}
	if r := it.read(raw); r != nil {
		return nil, r
	}
	if !storable(raw) {
		return nil, refuse(CodeInvalidText, "the item is not valid UTF-8 or holds U+0000")
	}
	var p properties
	if isObject(it.properties) {
		members(it.properties, p.member)
	}
	e := &sessions.Event{Received: a.Received, Source: a.Source}
	if r := name(e, it, a); r != nil {
		return nil, r
	}
	if r := identity(e, it, &p, a); r != nil {
		return nil, r
	}
	if r := clock(e, it, a); r != nil {
		return nil, r
	}
	if r := consent(e, it, a); r != nil {
		return nil, r
	}
	if r := d.commerce(e, &p); r != nil {
		return nil, r
	}
	describe(e, it, &p)
	d.enrich(e, &it.surroundings, a)
	return e, nil
}

// name fills what the event is: its kind, its name and its id.
func name(e *sessions.Event, it *item, a Arrival) *refusal {
	call := a.Type
	if call == "" {
		call = textOf(it.kind)
	}
	kind, ok := typeKind(call)
	if !ok {
		return refuse(CodeUnknownType, "%.40q is no type of call; known are track, page, screen, identify, group and alias", call)
	}
	e.Kind = kind
	switch call {
	case "track":
		if e.Name = textOf(it.event); e.Name == "" {
			return refuse(CodeEventMissing, "a track call needs the name of its event, such as “Product Viewed”")
		}
		e.Kind = nameKind(e.Name)
	case "page", "screen":
		e.Name = textOf(it.name)
	case "group":
		e.Name = call
	}
	e.MessageID = textOf(it.messageID)
	if r := tooLong("the event's name", e.Name); r != nil {
		return r
	}
	return tooLong("messageId", e.MessageID)
}

// identity fills whose event it is.
func identity(e *sessions.Event, it *item, p *properties, a Arrival) *refusal {
	e.Anonymous = sessions.AnonymousID(textOf(it.anonymousID))
	e.Customer = sessions.CustomerID(textOf(it.userID))
	for _, value := range [...][]byte{p.email, it.traitsEmail, it.contextEmail} {
		if e.Email = emailOf(textOf(value)); e.Email != "" {
			break
		}
	}
	if e.Kind == sessions.Alias {
		e.Previous = firstText(it.previous, it.anonymousID)
	}
	if r := tooLong("anonymousId", string(e.Anonymous)); r != nil {
		return r
	}
	if r := tooLong("userId", string(e.Customer)); r != nil {
		return r
	}
	if r := tooLong("previousId", e.Previous); r != nil {
		return r
	}
	switch {
	case e.Kind == sessions.Alias && (e.Customer == "" || e.Previous == ""):
		return refuse(CodeIdentityMissing, "an alias needs userId and previousId")
	case e.Anonymous != "" || e.Customer != "":
		return nil
	case e.Email != "" && (a.Source == sessions.Backend || a.Source == sessions.Imported):
		// A backend knows whom it writes about; in a browser an address can be anybody's.
		return nil
	}
	return refuse(CodeIdentityMissing, "the item has neither anonymousId nor userId")
}

// clock fills when it happened.
func clock(e *sessions.Event, it *item, a Arrival) *refusal {
	value, field := it.originalTimestamp, "originalTimestamp"
	if !given(value) {
		value, field = it.timestamp, "timestamp"
	}
	var ok bool
	if e.Original, ok = instantOf(value); !ok {
		return refuse(CodeInvalidTime, "%s %.40s is %s", field, value, instantForm)
	}
	e.Sent = a.Sent
	if sent, ok := instantOf(it.sentAt); ok && sent != 0 { // an unreadable one corrects nothing, as in an envelope
		e.Sent = sent
	}
	e.Occurred = occurred(e.Original, e.Sent, a.Received)
	if a.Source == sessions.Imported {
		e.Received = e.Occurred // history has one time, and is no activity of today
	}
	return nil
}

// zoneForm is what names of time zones look like. Whether there is one of a name is
// asked when it matters: the list of them changes.
var zoneForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]{0,30}(/[A-Za-z0-9_+-]{1,30}){1,2}$`)

// enrich keeps the shopper's zone, marks what the shopper withheld and hands the event to Enrich.
func (d *Decoder) enrich(e *sessions.Event, s *surroundings, a Arrival) {
	client := a.Client
	for _, f := range [...]struct {
		to   *string
		from []byte
	}{
		{&client.UserAgent, s.userAgent}, {&client.Address, s.address},
		{&client.Locale, s.locale}, {&client.Timezone, s.timezone},
	} {
		if text := textOf(f.from); text != "" {
			*f.to = text
		}
	}
	if zoneForm.MatchString(client.Timezone) {
		e.Timezone = client.Timezone
	}
	if a.Source == sessions.Browser && a.Client.Address != "" {
		client.Address = a.Client.Address // which nobody can make up, and by which forged mails are counted
	}
	if client.DoNotTrack {
		e.Consent = "denied"
	}
	if d.Enrich != nil {
		d.Enrich(e, client)
	}
}
