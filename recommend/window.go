package recommend

// trim lets the oldest sessions leave until the window holds, all but the newest.
func (x *Index) trim() {
	for x.live > 1 && x.exceeds() {
		at, draft := x.oldest()
		if draft < 0 {
			x.forget(x.leave(at), x.parts[at.part].clicks)
			continue
		}
		x.forget(&x.drafts.sessions[draft], x.drafts.clicks)
		x.drafts.drop(draft)
	}
}

func (x *Index) exceeds() bool {
	l := &x.limits
	if l.Sessions > 0 && x.live > l.Sessions || l.Clicks > 0 && x.clicks > l.Clicks {
		return true
	}
	if l.Days <= 0 {
		return false
	}
	at, draft := x.oldest()
	last := int64(0)
	if draft >= 0 {
		last = x.drafts.sessions[draft].last
	} else {
		last = x.parts[at.part].oldest().last
	}
	return x.now-last > int64(l.Days)*millisPerDay
}

// oldest returns the place of the oldest session, or its number among the drafts if that
// is not below zero. There must be one.
func (x *Index) oldest() (at place, draft int) {
	var oldest rank
	at = nowhere
	for i := range x.parts {
		if p := &x.parts[i]; p.live > 0 && (at == nowhere || p.oldest().before(oldest)) {
			at, oldest = place{int32(i), int32(p.first)}, p.oldest()
		}
	}
	draft = x.drafts.oldest()
	if draft >= 0 && at != nowhere && oldest.before(x.drafts.sessions[draft].rank()) {
		draft = -1
	}
	return at, draft
}
