// Package sqlstore keeps the packages and orders of an [order.Book] in
// PostgreSQL or SQLite, over database/sql with the driver that the caller brings.
//
// # PostgreSQL, 9.5 or newer, with github.com/jackc/pgx/v5
//
//	import _ "github.com/jackc/pgx/v5/stdlib"
//
//	db, err := sql.Open("pgx", "postgres://ca@db.example.com/ca")
//	db.SetMaxOpenConns(20)
//	store, err := sqlstore.Open(ctx, db, sqlstore.PostgreSQL)
//
// The database's encoding is UTF8. A pool needs a limit below the server's
// max_connections, which is 100 unless it was changed; as many as the server has
// cores, twice over, is a good one, and more only wait for each other.
//
// An Update runs in READ COMMITTED and locks each row that it reads, so that
// those who want the same package queue for it. A View runs in REPEATABLE READ,
// and waits for nobody.
//
// # SQLite, 3.24 or newer, with modernc.org/sqlite
//
//	import _ "modernc.org/sqlite"
//
//	db, err := sql.Open("sqlite", "/var/lib/ca/orders.db")
//	db.SetMaxOpenConns(8)
//	store, err := sqlstore.Open(ctx, db, sqlstore.SQLite)
//
// The file is on a local disk, in a directory that the process may write to: the
// Store turns on the write-ahead log, for which SQLite keeps two more files beside
// it, and sets busy_timeout to a second on each connection that it uses: a driver
// cannot break off that wait. A loss of power takes nothing that was committed
// while SQLite's option synchronous is FULL, as it is unless the driver or its
// options say otherwise. The pool may be of any size; more readers than cores gain nothing. In memory
// (":memory:") every connection has a database of its own, so the limit is 1
// there.
//
// An Update is a BEGIN IMMEDIATE: one writes at a time, and those of one Store
// queue. A View reads the state at its first read and waits for nobody.
//
// # Several processes
//
// Any number of processes may open one database and run Books over it, at once
// and from the first moment. What one has committed all others see.
//
// # Schema
//
// Open makes the tables, which are named yuncert_ and something, and brings those
// of an older version of this package up to date, one transaction a step. Only
// that needs the right to create tables: where it is kept from the service, run
// Open once as a user who has it. A database of a newer version is refused. The
// tables are in the schema that PostgreSQL's search_path names first. All columns
// are plain, and instants are microseconds since 1970 UTC, so that reports can
// read them; to write them is for this package alone.
package sqlstore
