package sessions

import (
	"gorm.io/gorm"
)

// Table names a table of a projection and the columns of its primary key, comma
// separated, in which its rows are compared.
type Table struct {
	Name string
	Key  string
}

// Projection is a set of tables that follow from the log alone and on which
// decisions rest, so that they are written in the transaction that appends.
type Projection interface {
	// Tables lists what the projection owns.
	Tables() []Table

	// Apply writes what events mean. They come in the order of the log, with
	// their visitors resolved, in batches of any size: the rows must not depend
	// on where the batches were cut. It reads nothing but its own rows, those of
	// projections before it, and events.
	Apply(tx *gorm.DB, events []*Event) error
}
