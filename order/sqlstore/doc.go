// Package sqlstore keeps the packages and orders of an [order.Book] in
// PostgreSQL or SQLite. It uses database/sql and a driver of your choice. Call
// [Open], and pass the Store to [order.NewBook].
//
// # PostgreSQL, 9.5 or newer, with github.com/jackc/pgx/v5
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
// An Update runs in READ COMMITTED and locks each row that it reads. Updates of
// the same package therefore run one after the other. A View runs in REPEATABLE
// READ and does not wait for an Update.
//
// # SQLite, 3.24 or newer, with modernc.org/sqlite
//
//	import _ "modernc.org/sqlite"
//
//	db, err := sql.Open("sqlite", "/var/lib/ca/orders.db")
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
// # Schema
//
// Open creates the tables and migrates the tables of an older version of this
// package, in one transaction for each step. It refuses a database of a newer
// version. Open needs the right to create tables only when it has something to
// create. If your service must not have that right, run Open once as a user who
// has it.
//
// Stop all programs that use an older version before you migrate: they would
// write rows without the new columns. Version 3 added NotAfter of the issued
// orders. Open reads it from their certificates, in transactions of 100 orders.
// If Open is interrupted, the next Open goes on. A certificate that cannot be
// read has no NotAfter, so it is never in [order.Book.Expiring].
//
// The names of the tables begin with yuncert_. In PostgreSQL they are in the
// first schema of the search_path. Other stores of this module can share the
// database: each has its own tables and its own version. Instants are
// microseconds since 1970 UTC. Reports may read the tables; only this package may
// write them.
package sqlstore
