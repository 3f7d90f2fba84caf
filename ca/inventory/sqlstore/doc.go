// Package sqlstore keeps the certificates, CAs and CRL numbers of an
// [inventory.Inventory] in PostgreSQL or SQLite. It uses database/sql and a driver
// of your choice. Call [Open], and pass the Store to [inventory.New].
//
// # PostgreSQL, 10 or newer, with github.com/jackc/pgx/v5
//
//	import _ "github.com/jackc/pgx/v5/stdlib"
//
//	db, err := sql.Open("pgx", "postgres://ca@db.example.com/ca")
//	db.SetMaxOpenConns(20)
//	store, err := sqlstore.Open(ctx, db, sqlstore.PostgreSQL)
//
// The database must have the encoding UTF8. Keep the pool below the server's
// max_connections, which is 100 by default. Twice the number of the server's
// cores is a good size; more connections only wait for each other.
//
// An Update runs in READ COMMITTED and locks each certificate, CA and list that it
// looks up by its key. A View runs in REPEATABLE READ and does not wait for an
// Update. Connect to the primary server: a standby answers with a state of the past.
//
// Ids come from a sequence. A certificate that is added after another one has the
// greater Id. Of two that are added at the same time, the one with the smaller Id can
// become visible later. So a program that follows new certificates by their Ids must
// begin each time a little before the last Id that it has seen.
//
// # SQLite, 3.41 or newer, with modernc.org/sqlite
//
//	import _ "modernc.org/sqlite"
//
//	db, err := sql.Open("sqlite", "/var/lib/ca/inventory.db")
//	db.SetMaxOpenConns(8)
//	store, err := sqlstore.Open(ctx, db, sqlstore.SQLite)
//
// The file must be on a local disk, in a directory that the process may write
// to, because the Store turns on the write-ahead log and SQLite keeps it in two
// more files. A power failure loses nothing that was committed, as long as
// SQLite's option synchronous is FULL. That is the default, but drivers can
// change it. The Store sets busy_timeout to one second on each connection. It
// is short because a driver cannot interrupt that wait.
//
// The pool can have any size; more readers than cores gain nothing. A database
// in memory (":memory:") needs a limit of 1, because each connection would have
// its own.
//
// An Update begins with BEGIN IMMEDIATE, so one Update writes at a time; the
// Updates of one Store queue before that. A View sees the state at its first
// read and does not wait for an Update.
//
// # Several processes
//
// Any number of processes may open one database and use it at the same time.
// The first calls of Open may also run at the same time. Each process sees what
// the others have committed.
//
// # CRLs
//
// A CRL is read in one statement, row after row, from an index that has only
// revoked certificates. The driver must fetch rows as the program reads them, as
// pgx and modernc.org/sqlite do. In PostgreSQL this is fast after
// autovacuum has seen the revoked certificates. While it is read, PostgreSQL keeps
// old versions of rows, and SQLite cannot shorten its write-ahead log.
//
// # Schema
//
// Open creates the tables and migrates the tables of an older version of this
// package, in one transaction for each step. It refuses a database of a newer
// version. Open needs the right to create tables only when it has something to
// create. If your service must not have that right, run Open once as a user who
// has it, and give the service SELECT, INSERT, UPDATE and DELETE on the tables.
//
// The names of the tables begin with yuncert_. In PostgreSQL they are in the
// first schema of the search_path. Other stores of this module can share the
// database: each has its own tables and its own version. Instants are
// microseconds since 1970 UTC. Reports may read the tables; only this package may
// write them. A row of yuncert_certificates is never deleted: a deleted
// certificate has the status DELETE and no der, and its serial number stays.
package sqlstore
