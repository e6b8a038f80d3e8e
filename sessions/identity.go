package sessions

import (
	"fmt"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"
	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// identity is one identifier of a visitor; kind is the column of that name.
type identity struct {
	kind  string
	value string
}

// The kinds of identifiers.
const (
	kindAnonymous = "anonymous"
	kindCustomer  = "customer"
	kindEmail     = "email"
)

type identityRow struct {
	Kind      string `gorm:"primaryKey"`
	Value     string `gorm:"primaryKey"`
	VisitorID int64
}

func (identityRow) TableName() string { return "identities" }

var intoIdentities = database.Into{Table: "identities", Columns: []string{"kind", "value", "visitor_id"}, Key: "kind, value"}

func (r *identityRow) values(args []any) []any { return append(args, r.Kind, r.Value, r.VisitorID) }

type visitorRow struct {
	ID         int64 `gorm:"primaryKey;autoIncrement:false"`
	MergedInto int64
	CustomerID string
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
}

func (visitorRow) TableName() string { return "visitors" }

var intoVisitors = database.Into{
	Table: "visitors", Columns: []string{"id", "merged_into", "customer_id", "created_at"}, Key: "id",
}

func (r *visitorRow) values(args []any) []any {
	return append(args, r.ID, r.MergedInto, r.CustomerID, r.CreatedAt)
}

// cachedIdentities bounds what the directory keeps in memory, about 200 bytes each.
const cachedIdentities = 200_000

// A directory tells which visitor an identifier belongs to. It remembers what
// it read, which is right as long as only this process appends: whoever learns
// otherwise calls forget.
type directory struct {
	owners   *lru.Cache[identity, VisitorID]
	visitors *lru.Cache[VisitorID, visitorRow]
}

func newDirectory() *directory {
	owners, err := lru.New[identity, VisitorID](cachedIdentities)
	if err != nil {
		panic(err) // only a size below one is refused
	}
	visitors, err := lru.New[VisitorID, visitorRow](cachedIdentities)
	if err != nil {
		panic(err)
	}
	return &directory{owners, visitors}
}

func (d *directory) forget() {
	d.owners.Purge()
	d.visitors.Purge()
}

// An enrolment is one batch's work on the directory: all identifiers that its
// events name, what it changes among them, and the rows to be written.
type enrolment struct {
	owners   map[identity]VisitorID // 0: belongs to nobody yet
	visitors map[VisitorID]visitorRow

	changedOwners   map[identity]bool
	changedVisitors map[VisitorID]bool
	loadedOwners    []identity // from the database: the directory did not know them
	loadedVisitors  []VisitorID
	missing         []int64        // visitors to be loaded
	joins           [][2]VisitorID // moved, survivor; in order
}

// identitiesOf lists the identifiers that e names, in ids, which has room for five.
func identitiesOf(ids []identity, e *Event) []identity {
	ids = withIdentity(ids[:0], kindAnonymous, string(e.Anonymous))
	ids = withIdentity(ids, kindCustomer, string(e.Customer))
	ids = withIdentity(ids, kindEmail, string(e.Email))
	if e.Kind == Alias {
		ids = withIdentity(ids, kindAnonymous, e.Previous)
		if e.Source != Browser {
			ids = withIdentity(ids, kindCustomer, e.Previous)
		}
	}
	return ids
}

func withIdentity(ids []identity, kind, value string) []identity {
	if value == "" {
		return ids
	}
	return append(ids, identity{kind, value})
}

// named reports whether e names any identifier.
func (e *Event) named() bool {
	return e.Anonymous != "" || e.Customer != "" || e.Email != "" || e.Kind == Alias && e.Previous != ""
}

// nameless reports whether e says nothing of who a visitor is.
func nameless(e *Event) bool { return e.Bot || e.Kind.Own() || e.Kind == ProductUpdated }

// enrol loads all that the identifiers of events lead to.
func (d *directory) enrol(tx *gorm.DB, events []*Event) (*enrolment, error) {
	en := &enrolment{
		owners: make(map[identity]VisitorID, len(events)), visitors: make(map[VisitorID]visitorRow, len(events)),
		changedOwners: map[identity]bool{}, changedVisitors: map[VisitorID]bool{},
	}
	unknown := map[string][]string{}
	var room [5]identity
	for _, e := range events {
		if nameless(e) {
			continue
		}
		for _, id := range identitiesOf(room[:], e) {
			if _, seen := en.owners[id]; seen {
				continue
			}
			owner, cached := d.owners.Get(id)
			if en.owners[id] = owner; !cached {
				unknown[id.kind] = append(unknown[id.kind], id.value)
			}
		}
	}
	for kind, values := range unknown {
		if err := en.loadOwners(tx, kind, values); err != nil {
			return nil, err
		}
	}
	return en, en.loadVisitors(tx, d, events)
}

func (en *enrolment) loadOwners(tx *gorm.DB, kind string, values []string) error {
	return database.Each(values, func(part []string) error {
		var rows []identityRow
		if err := tx.Where("kind = ? AND value IN ?", kind, part).Find(&rows).Error; err != nil {
			return fmt.Errorf("look up %s identifiers: %w", kind, err)
		}
		for _, r := range rows {
			id := identity{r.Kind, r.Value}
			en.owners[id] = VisitorID(r.VisitorID)
			en.loadedOwners = append(en.loadedOwners, id)
		}
		return nil
	})
}

// loadVisitors loads the owners, what they were merged into, and so on, and the
// visitors that events joined when they were appended (for a replay).
func (en *enrolment) loadVisitors(tx *gorm.DB, d *directory, events []*Event) error {
	for _, v := range en.owners {
		en.want(d, v)
	}
	for _, e := range events {
		if !nameless(e) {
			en.want(d, e.Visitor)
		}
		for _, v := range e.Joined {
			en.want(d, v)
		}
	}
	for len(en.missing) > 0 {
		slices.Sort(en.missing)
		missing := slices.Compact(en.missing)
		en.missing = nil
		err := database.Each(missing, func(part []int64) error {
			var rows []visitorRow
			if err := tx.Where("id IN ?", part).Find(&rows).Error; err != nil {
				return fmt.Errorf("load visitors: %w", err)
			}
			for _, r := range rows {
				en.visitors[VisitorID(r.ID)] = r
				en.loadedVisitors = append(en.loadedVisitors, VisitorID(r.ID))
			}
			for _, r := range rows {
				en.want(d, VisitorID(r.MergedInto))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// want takes a visitor, and what it was merged into, from the directory, or takes
// note that it is to be loaded.
func (en *enrolment) want(d *directory, v VisitorID) {
	for v != 0 {
		if _, have := en.visitors[v]; have {
			return
		}
		row, cached := d.visitors.Get(v)
		if !cached {
			en.missing = append(en.missing, int64(v))
			return
		}
		en.visitors[v] = row
		v = VisitorID(row.MergedInto)
	}
}

// root follows merges to the living visitor.
func (en *enrolment) root(v VisitorID) VisitorID {
	for en.visitors[v].MergedInto != 0 {
		v = VisitorID(en.visitors[v].MergedInto)
	}
	return v
}

func (en *enrolment) owner(kind, value string) VisitorID {
	if value == "" {
		return 0
	}
	return en.root(en.owners[identity{kind, value}])
}

func (en *enrolment) customer(v VisitorID) string { return en.visitors[v].CustomerID }

// save writes the rows that changed.
func (en *enrolment) save(tx *gorm.DB) error {
	visitors := make([]visitorRow, 0, len(en.changedVisitors))
	for v := range en.changedVisitors {
		visitors = append(visitors, en.visitors[v])
	}
	if err := database.Insert(tx, intoVisitors, visitors, (*visitorRow).values); err != nil {
		return err
	}
	owners := make([]identityRow, 0, len(en.changedOwners))
	for id := range en.changedOwners {
		owners = append(owners, identityRow{id.kind, id.value, int64(en.owners[id])})
	}
	if err := database.Insert(tx, intoIdentities, owners, (*identityRow).values); err != nil {
		return err
	}
	for _, j := range en.joins {
		// Those merged earlier follow, so that one step always leads to the living.
		err := tx.Exec("UPDATE visitors SET merged_into = ? WHERE merged_into = ?", int64(j[1]), int64(j[0])).Error
		if err != nil {
			return fmt.Errorf("join visitor %d to %d: %w", j[0], j[1], err)
		}
	}
	return nil
}

// remember keeps what the batch learnt, once it is committed.
func (d *directory) remember(en *enrolment) {
	for _, id := range en.loadedOwners {
		d.owners.Add(id, en.owners[id])
	}
	for id := range en.changedOwners {
		d.owners.Add(id, en.owners[id])
	}
	for _, v := range en.loadedVisitors {
		d.visitors.Add(v, en.visitors[v])
	}
	for v := range en.changedVisitors {
		d.visitors.Add(v, en.visitors[v])
	}
}
