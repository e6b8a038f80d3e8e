package sessions

import (
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// ErrNotFound says that there is nothing of that id.
var ErrNotFound = errors.New("not found")

// Identifiers are all that a visitor is known by.
type Identifiers struct {
	Anonymous []AnonymousID `json:"anonymous_ids"`
	Customer  CustomerID    `json:"user_id,omitempty"`
	Emails    []Email       `json:"emails"`
}

// Root returns the living visitor that v is part of, v itself if it was never
// merged.
func Root(tx *gorm.DB, v VisitorID) (VisitorID, error) {
	var rows []visitorRow
	if err := tx.Where("id = ?", int64(v)).Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("load visitor %d: %w", v, err)
	}
	if len(rows) == 1 && rows[0].MergedInto != 0 {
		return VisitorID(rows[0].MergedInto), nil
	}
	return v, nil
}

// Names are identifiers of one visitor, one of each kind or none.
type Names struct {
	Anonymous AnonymousID
	Customer  CustomerID
	Email     Email
}

// list returns the names that there are, the strongest first.
func (n Names) list() []identity {
	ids := withIdentity(nil, kindCustomer, string(n.Customer))
	ids = withIdentity(ids, kindAnonymous, string(n.Anonymous))
	return withIdentity(ids, kindEmail, string(n.Email))
}

// FindVisitor returns the living visitor of the first of the identifiers that is
// known: customer id, anonymous id, email; 0 if none is.
func FindVisitor(tx *gorm.DB, anonymous AnonymousID, customer CustomerID, email Email) (VisitorID, error) {
	for _, id := range (Names{anonymous, customer, email}).list() {
		if v, err := ownerOf(tx, id); v != 0 || err != nil {
			return v, err
		}
	}
	return 0, nil
}

// ownerOf returns the living visitor of an identifier, 0 if nobody has it. Cost: by the
// keys of two tables.
func ownerOf(tx *gorm.DB, id identity) (VisitorID, error) {
	var rows []identityRow
	if err := tx.Where("kind = ? AND value = ?", id.kind, id.value).Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("find visitor by %s id: %w", id.kind, err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	return Root(tx, VisitorID(rows[0].VisitorID))
}

// IdentifiersOf returns the identifiers of a living visitor, sorted.
func IdentifiersOf(tx *gorm.DB, v VisitorID) (Identifiers, error) {
	all, err := identifiers(tx, []VisitorID{v})
	return all[v], err
}

// identifiers returns the identifiers of several living visitors.
func identifiers(tx *gorm.DB, visitors []VisitorID) (map[VisitorID]Identifiers, error) {
	roots, err := Family(tx, visitors)
	if err != nil {
		return nil, err
	}
	members := make([]int64, 0, len(roots))
	for v := range roots {
		members = append(members, int64(v))
	}
	slices.Sort(members)
	all := map[VisitorID]Identifiers{}
	err = database.Each(members, func(part []int64) error {
		var rows []identityRow
		if err := tx.Where("visitor_id IN ?", part).Order("kind, value").Find(&rows).Error; err != nil {
			return fmt.Errorf("load identifiers: %w", err)
		}
		for _, r := range rows {
			root := roots[VisitorID(r.VisitorID)]
			all[root] = all[root].with(r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for v, ids := range all {
		slices.Sort(ids.Anonymous)
		slices.Sort(ids.Emails)
		all[v] = ids
	}
	return all, nil
}

func (ids Identifiers) with(r identityRow) Identifiers {
	switch r.Kind {
	case kindAnonymous:
		ids.Anonymous = append(ids.Anonymous, AnonymousID(r.Value))
	case kindEmail:
		ids.Emails = append(ids.Emails, Email(r.Value))
	case kindCustomer:
		if ids.Customer == "" || CustomerID(r.Value) < ids.Customer {
			ids.Customer = CustomerID(r.Value)
		}
	}
	return ids
}
