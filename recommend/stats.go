package recommend

// Session appends the items of a session to dst, in the order of its clicks, and returns
// when it ended, in milliseconds since 1970. It appends nothing, and returns 0, if the
// index does not contain the session.
func (x *Index) Session(s SessionKey, dst []string) (items []string, ended int64) {
	v := x.view.Load()
	at := find(v.parts, s)
	if at == nowhere {
		return dst, 0
	}
	for _, click := range v.clicksOf(at) {
		dst = append(dst, v.items.names[click&itemMask])
	}
	return dst, v.session(at).last
}

// Stats counts what the index holds.
func (x *Index) Stats() Stats {
	x.mu.Lock()
	defer x.mu.Unlock()
	bytes := x.items.bytes() + x.drafts.bytes() + x.builder.bytes() + 8*int64(cap(x.own.marks)) + x.networks.bytes() + x.newestNetworks.bytes()
	for i := range x.parts {
		p := &x.parts[i]
		bytes += p.bytes() + 8*int64(cap(p.dead))
	}
	return Stats{Sessions: x.live, Clicks: x.clicks, Items: x.items.count() - x.items.idle, Bytes: bytes}
}
