package wire

// MaxItem is the largest item accepted, in bytes.
const MaxItem = 32 << 10

// item is one call of the Segment API, its values as they stand.
type item struct {
	kind, event, name                        []byte
	messageID, anonymousID, userID, previous []byte
	timestamp, originalTimestamp, sentAt     []byte
	receivedAt                               []byte // in archives only
	properties, traits, context              []byte
	traitsEmail, contextEmail                []byte
	traitsConsent, contextConsent            []byte
	surroundings                             surroundings
}

// surroundings is what an item's context says of the browser and the page.
type surroundings struct {
	address, userAgent, locale, timezone []byte
	page                                 pageFields
	campaign                             campaignFields
}

// pageFields are the fields of a page, in context or properties.
type pageFields struct{ url, path, title, referrer []byte }

// campaignFields are the fields of context.campaign.
type campaignFields struct{ source, medium, name, term, content []byte }

// read takes the item's fields from raw.
func (it *item) read(raw []byte) *refusal {
	if !members(raw, it.member) {
		return refuse(CodeInvalidJSON, "%s", noObject("the item", raw))
	}
	for _, o := range [...]struct {
		name  string
		value []byte
	}{{"properties", it.properties}, {"traits", it.traits}, {"context", it.context}} {
		if len(o.value) > 0 && !isObject(o.value) && string(o.value) != "null" {
			return refuse(CodeInvalidJSON, "%s is not an object", o.name)
		}
	}
	if isObject(it.traits) {
		members(it.traits, func(key, value []byte) {
			switch string(key) {
			case "email":
				it.traitsEmail = value
			case "email_consent":
				it.traitsConsent = value
			}
		})
	}
	if isObject(it.context) {
		members(it.context, it.contextMember)
	}
	return nil
}

// member takes one field of the item.
func (it *item) member(key, value []byte) {
	switch string(key) {
	case "type":
		it.kind = value
	case "event":
		it.event = value
	case "name":
		it.name = value
	case "messageId":
		it.messageID = value
	case "anonymousId":
		it.anonymousID = value
	case "userId":
		it.userID = value
	case "previousId":
		it.previous = value
	case "timestamp":
		it.timestamp = value
	case "originalTimestamp":
		it.originalTimestamp = value
	case "sentAt":
		it.sentAt = value
	case "receivedAt":
		it.receivedAt = value
	case "properties":
		it.properties = value
	case "traits":
		it.traits = value
	case "context":
		it.context = value
	}
}

// contextMember takes one field of the item's context.
func (it *item) contextMember(key, value []byte) {
	s := &it.surroundings
	switch string(key) {
	case "ip":
		s.address = value
	case "userAgent":
		s.userAgent = value
	case "locale":
		s.locale = value
	case "timezone":
		s.timezone = value
	case "page":
		members(value, s.page.member)
	case "campaign":
		members(value, s.campaign.member)
	case "traits":
		members(value, func(key, value []byte) {
			switch string(key) {
			case "email":
				it.contextEmail = value
			case "email_consent": // RudderStack's clients identify so
				it.contextConsent = value
			}
		})
	}
}

// member takes one field of a page.
func (p *pageFields) member(key, value []byte) {
	switch string(key) {
	case "url":
		p.url = value
	case "path":
		p.path = value
	case "title":
		p.title = value
	case "referrer":
		p.referrer = value
	}
}

// member takes one field of a campaign.
func (c *campaignFields) member(key, value []byte) {
	switch string(key) {
	case "source":
		c.source = value
	case "medium":
		c.medium = value
	case "name":
		c.name = value
	case "term":
		c.term = value
	case "content":
		c.content = value
	}
}
