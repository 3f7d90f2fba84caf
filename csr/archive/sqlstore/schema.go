package sqlstore

// migrations has the steps of [sqldb.Config]. A released step never changes. SQLite
// has no type BYTEA, but it takes any name of a type and keeps octets as they are.
var migrations = [][]string{
	{
		`CREATE TABLE yuncert_csrs (
			csr_id BIGINT NOT NULL PRIMARY KEY,
			name TEXT NOT NULL,
			csr TEXT NOT NULL,
			algorithm TEXT NOT NULL,
			key_size BIGINT NOT NULL,
			key_sha2 TEXT NOT NULL,
			common_name TEXT NOT NULL,
			sans TEXT NOT NULL,
			country_code TEXT NOT NULL,
			province TEXT NOT NULL,
			locality TEXT NOT NULL,
			corp_name TEXT NOT NULL,
			department TEXT NOT NULL,
			search TEXT NOT NULL,
			created BIGINT NOT NULL,
			sealed_key BYTEA
		)`,
		`CREATE INDEX yuncert_csrs_listing ON yuncert_csrs (created, csr_id)`,
		`CREATE INDEX yuncert_csrs_by_algorithm ON yuncert_csrs (algorithm, created, csr_id)`,
	},
}
