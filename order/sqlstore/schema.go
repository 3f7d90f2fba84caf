package sqlstore

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
}
