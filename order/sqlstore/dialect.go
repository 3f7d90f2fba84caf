package sqlstore

import "errors"

// A Dialect says which database is behind a [database/sql.DB].
type Dialect string

const (
	// PostgreSQL is PostgreSQL from 9.5 on. Conflicts are known by the method
	// SQLState() string of the driver's errors, which those of pgx and lib/pq have.
	PostgreSQL Dialect = "PostgreSQL"

	// SQLite is SQLite from 3.24 on. That the database is busy is known by the
	// method Code() int of the driver's errors, which those of modernc.org/sqlite
	// have.
	SQLite Dialect = "SQLite"
)

// A mode is what a transaction is for.
type mode string

const (
	readWrite mode = "an Update"
	readOnly  mode = "a View"
)

// A dialect is what the two databases have different names for. All other
// statements are the same.
type dialect struct {
	prepare    []string                // sets a connection up
	begin      map[mode]string         // begins a transaction
	lockSchema []string                // waits until no other process migrates
	forUpdate  string                  // makes a SELECT lock what it finds
	oneWriter  bool                    // whether Updates exclude each other anyway
	conflict   func(driver error) bool // whether to try again may help
}

var dialects = map[Dialect]dialect{
	PostgreSQL: {
		begin: map[mode]string{
			readWrite: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
			readOnly:  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		},
		lockSchema: []string{"SELECT pg_advisory_xact_lock(8752022824047244288)"}, // the octets of "yuncert" and a zero
		forUpdate:  " FOR UPDATE",
		conflict: func(err error) bool {
			// PostgreSQL, appendix A: serialization_failure and deadlock_detected.
			e, ok := errors.AsType[interface {
				error
				SQLState() string
			}](err)
			return ok && (e.SQLState() == "40001" || e.SQLState() == "40P01")
		},
	},
	SQLite: {
		// The time is short since a driver cannot break it off when ctx ends.
		prepare:   []string{"PRAGMA busy_timeout = 1000", "PRAGMA journal_mode = WAL"},
		begin:     map[mode]string{readWrite: "BEGIN IMMEDIATE", readOnly: "BEGIN"},
		oneWriter: true,
		conflict: func(err error) bool {
			// SQLite, "Result and Error Codes": SQLITE_BUSY and SQLITE_LOCKED, in the
			// lower octet also of an extended code.
			e, ok := errors.AsType[interface {
				error
				Code() int
			}](err)
			return ok && (e.Code()&0xff == 5 || e.Code()&0xff == 6)
		},
	},
}
