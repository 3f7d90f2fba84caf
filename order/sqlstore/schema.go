package sqlstore

// issued is the condition of the index yuncert_orders_expiring. With state = 'certificate',
// SQLite uses the index yuncert_orders_listing instead, and sorts all issued orders.
const issued = `state || '' = 'certificate'`

// migrations has the steps of [sqldb.Config]. A released step never changes.
var migrations = [][]string{
	{
		`CREATE TABLE yuncert_packages (
			product_code TEXT NOT NULL PRIMARY KEY,
			total_count BIGINT NOT NULL,
			used_count BIGINT NOT NULL,
			issued_count BIGINT NOT NULL
		)`,
		`CREATE TABLE yuncert_orders (
			order_id BIGINT NOT NULL PRIMARY KEY,
			product_code TEXT NOT NULL,
			state TEXT NOT NULL,
			domain TEXT NOT NULL,
			csr TEXT NOT NULL,
			validate_type TEXT NOT NULL,
			username TEXT NOT NULL,
			phone TEXT NOT NULL,
			email TEXT NOT NULL,
			token TEXT NOT NULL,
			reason TEXT NOT NULL,
			certificate TEXT NOT NULL,
			created BIGINT NOT NULL,
			updated BIGINT NOT NULL
		)`,
	},
	{
		`CREATE INDEX yuncert_orders_listing ON yuncert_orders (state, created, order_id)`,
	},
	{
		`ALTER TABLE yuncert_orders ADD COLUMN names TEXT NOT NULL DEFAULT ''`,
		`ALTER TABLE yuncert_orders ADD COLUMN reference TEXT NOT NULL DEFAULT ''`,
		`ALTER TABLE yuncert_orders ADD COLUMN due TEXT NOT NULL DEFAULT ''`,
		`ALTER TABLE yuncert_orders ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0`,
		`ALTER TABLE yuncert_orders ADD COLUMN next_attempt BIGINT NOT NULL DEFAULT -62135596800000000`, // the zero time.Time
		`ALTER TABLE yuncert_orders ADD COLUMN issued BIGINT NOT NULL DEFAULT -62135596800000000`,
		`ALTER TABLE yuncert_orders ADD COLUMN not_after BIGINT NOT NULL DEFAULT -62135596800000000`,
		`UPDATE yuncert_orders SET names = domain, due = CASE WHEN domain LIKE '*.%' THEN SUBSTR(domain, 3) ELSE domain END`,
		`UPDATE yuncert_orders SET issued = updated WHERE state = 'certificate'`,
		`CREATE INDEX yuncert_orders_of ON yuncert_orders (domain, created, order_id)`,
		`CREATE INDEX yuncert_orders_expiring ON yuncert_orders (not_after, order_id) WHERE ` + issued,
	},
}
