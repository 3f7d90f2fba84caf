// Package interop tests yuncert against other implementations:
//
//   - OpenSSL, Java, GnuTLS, crypto/x509, crypto/tls, github.com/tjfoc/gmsm and the
//     smx509 package of github.com/emmansun/gmsm read, verify and use what yuncert
//     makes, and yuncert reads what they make;
//   - BouncyCastle verifies the two certificates of an SM2 pair and opens the envelope,
//     and the gmtls package of tjfoc/gmsm completes TLCP handshakes with pairs;
//   - Python's cryptography, step, github.com/youmark/pkcs8 and most of the above read
//     the encrypted keys that yuncert writes, and yuncert reads theirs;
//   - OpenSSL, GnuTLS and cfssl issue with CAs that yuncert certified, and an inventory
//     takes over a CA of OpenSSL;
//   - zlint and wycheproof check certificates and signature verification;
//   - a SoftHSM token signs;
//   - a name server of github.com/miekg/dns answers order's lookups, and PostgreSQL and
//     SQLite store its orders, and the CSRs of csr/archive;
//   - the cloud's own SDKs call every operation of examples/services/serve: for Go
//     github.com/aliyun/alibaba-cloud-sdk-go, for Node @alicloud/cas20200407,
//     @alicloud/cdn20180510, @alicloud/openapi-client and @alicloud/pop-core.
//
// It is a separate module, so its dependencies do not reach users of yuncert. Its
// commands cmd/peers and cmd/keys print tables of PERFORMANCE.md.
//
// The tests need the Debian packages openssl, default-jdk-headless, libbcprov-java,
// gnutls-bin, softhsm2, postgresql, nodejs and python3-cryptography, and
// python3-cryptography-vectors for its test CSRs. The SDKs for Node are installed with
//
//	npm ci --ignore-scripts --prefix internal/interop/testdata/sdk
//
// A test whose command or SDK is missing is skipped, or fails if CI is set.
package interop
