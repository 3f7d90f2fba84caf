package sqldb

import "errors"

// A Dialect says which database a [database/sql.DB] connects to.
type Dialect string

const (
	PostgreSQL Dialect = "PostgreSQL" // 9.5 or newer
	SQLite     Dialect = "SQLite"     // 3.24 or newer
)

// A mode says what a transaction may do.
type mode int

const (
	readOnly  mode = iota // a View
	readWrite             // an Update
)

// A dialect holds the differences between the databases. The statements of the
// stores are the same for both.
type dialect struct {
	prepare    []string                // statements that set up a connection
	begin      [2]string               // begins a transaction, by mode
	lockSchema []string                // statements that wait for migrations of other processes
	forUpdate  string                  // makes a SELECT lock the rows that it finds
	oneWriter  bool                    // the database runs one Update at a time
	conflict   func(driver error) bool // another try may succeed
}

var dialects = map[Dialect]dialect{
	PostgreSQL: {
		begin: [2]string{
			readWrite: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
			readOnly:  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		},
		lockSchema: []string{"SELECT pg_advisory_xact_lock(8752022824047244288)"}, // "yuncert" and a zero octet
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
		// The timeout is short because a driver cannot interrupt the wait when
		// ctx ends.
		prepare:   []string{"PRAGMA busy_timeout = 1000", "PRAGMA journal_mode = WAL"},
		begin:     [2]string{readWrite: "BEGIN IMMEDIATE", readOnly: "BEGIN"},
		oneWriter: true,
		conflict: func(err error) bool {
			// SQLite, "Result and Error Codes": SQLITE_BUSY and SQLITE_LOCKED. An
			// extended code has them in its lowest octet.
			e, ok := errors.AsType[interface {
				error
				Code() int
			}](err)
			return ok && (e.Code()&0xff == 5 || e.Code()&0xff == 6)
		},
	},
}
