// Package database opens the one database a shop lives in and says how it may be used.
//
// A DB is either a SQLite file or a PostgreSQL database; stores above it are written once and hold
// for both. It is used in three ways:
//
//   - Read: queries that stand alone. The connections behind it refuse to write.
//   - Snapshot: several queries that must see the same state of everything, however much is
//     written meanwhile.
//   - Write: one transaction. On SQLite there is one writer connection and a transaction takes the
//     file's write lock when it begins, so that it never fails half-way for want of it. On
//     PostgreSQL it runs at READ COMMITTED; rows that a rule rests on are taken with Lock first.
//
// A transaction that returned nil is on the disk: SQLite runs with synchronous=FULL, PostgreSQL with
// synchronous_commit, fsync and full_page_writes on, which every new connection that writes reads
// back, and is refused otherwise. Only a lower Durability, asked for by name, allows less.
//
// Errors fall into three kinds that need different answers. IsData: the values themselves are
// refused, trying again cannot help. IsUnavailable: the database is away, busy or full, try again
// later. Everything else is a mistake in the program.
//
// The schema is made of migrations, numbered SQL files, one set per dialect. They only go forward;
// a database that knows a later one than the program does is refused.
//
// A lease names the one process that may do a job at a time. Each new holding of it gets a higher
// fencing token, and a holder checks its token in the transaction whose effect must be its own, so
// that a process which slept through the end of its lease changes nothing. Leases end by the
// database's clock.
package database
