package yuncert_test

import (
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// securityTests names the tests of each sentence in SECURITY.md, by the words with
// which the sentence begins.
var securityTests = map[string]string{
	// Size and work: the bounds are also compared with the constants below.
	"**Size**, before parsing: 64 KiB for CSRs, OCSP requests":  "TestParseSize TestRespondOCSPRequests TestSplitNames TestCanonicalNameRefusals TestSanValueLength TestObjectIdentifierLength TestParsePrivateKeyRefuses TestOpenEnvelopeRefuses TestMessages",
	"The length of an RSA key is checked before any arithmetic": "TestParsePrivateKeyChecksLengthsFirst",
	"A call to a service has a body of up to 1 MiB":             "TestReadCall",
	"It has up to 1000 parameters":                              "TestDecodeBounds TestDecodeRefuses",
	"A custom certificate has up to 32 attributes":              "TestCreateCustomCertificateRefusesRequest",
	"CRLs have no limit":                                        "TestCreateRevocationListLong",
	"**Work.** One `ca.Verify` reads up to 1000 certificates":   "TestVerifyRefuses TestVerifyPile",
	"It checks up to 100 signatures of certificates":            "TestVerifyPile TestVerifyListsBounded TestVerifyComparisons TestConstraintsComparisons",
	"The distribution points of a certificate or CRL":           "TestCRLScopeCoversPoints TestScopeOfRefuses",
	"An OCSP request asks about up to 100 certificates":         "TestRespondOCSPRequests TestRespondOCSPFailures",
	"A CRL, a CRL entry and an OCSP request have up to 64":      "TestCRLFields TestRespondOCSPFailures",
	"A private key encrypted with PBKDF2 has up to":             "TestParseEncryptedPrivateKeyRefuses FuzzParseEncrypted",
	"One encrypted with scrypt has N·r up to 2^20":              "TestParseEncryptedPrivateKeyRefuses FuzzParseEncrypted",
	"The salt has up to 256 octets":                             "TestParseEncryptedPrivateKeyRefuses TestParseEncryptedPrivateKey",
	"These limits are checked before the key is derived":        "TestParseEncryptedPrivateKeyRefuses FuzzParseEncrypted",

	"**Form.** What is used must be DER":                   "TestParseRefusesEveryElementNotDER TestParseRefusals TestParseRevocationList TestParseCertificateRefuses TestRespondOCSPFailures",
	"No attribute, attribute value, extension":             "TestParseRefusals TestCRLFields TestParseCertificateRefuses",
	"A CRL has version 2":                                  "TestCRLFields TestParseRevocationList",
	"Strings fit their type":                               "TestParseNameStrings TestCheckText TestCheckTextRefusesInvisible TestParseRefusals",
	"A PEM text of a CSR with two blocks or a private key": "TestParseRefusesTexts TestParseKeepsPrivateKeysToItself TestDecodeSpoiledPEM",
	"A damaged PEM block among certificates":               "TestVerifyRefuses TestNewIssuerRefusesChain TestPEMReader",

	"**Keys** in CSRs, issuers and chains":             "TestParseRefusals TestNewIssuerRefusesWeakCA TestVerifyRefusesKey",
	"RSA: 1024 (only in server certificates":           "TestCheckRSA TestWeakRSASmallPrimes TestWeakRSAClosePrimes TestWeakRSAROCA TestCreateServerCertificateWithCsrMinRSABits",
	"EC: an uncompressed point on a named curve":       "TestCheckECC TestUnsupportedPublicKeys TestParsePublicKeyRefuses",
	"Explicit curve parameters are accepted only":      "TestParsePrivateKeyExplicitCurve TestParsePrivateKeyRefusesOtherCurves TestParsePublicKeyExplicitCurve",
	"A CSR with the CA's own key":                      "TestCreateServerCertificateWithCsrOfCAKey",
	"`KeyPolicy` in `IssuerOptions` can block":         "TestIssuerBlockedKeys TestIssuerSmallExponents",
	"**Envelopes** (`OpenEnvelope`)":                   "TestOpenEnvelopeRefuses FuzzOpenEnvelope",
	"An envelope with an SM2 key is DER":               "TestOpenEnvelopeRefuses TestParseCiphertextRefuses",
	"The public key in it belongs to the private key":  "TestOpenEnvelopeRefuses",
	"An envelope with one changed bit is refused":      "TestOpenEnvelopeRefusesEveryChange TestDecryptRefusesEveryChange",
	"**Possession.** The CSR's own key signed it":      "TestParseRefusals TestParseRefusesEveryChangedOctet TestVerifySM2UserIDs",
	"**Signatures** of CSRs, certificates and CRLs":    "TestVerify TestVerifyPSS TestVerifyPSSRefuses TestPSS",
	"Others, such as SHA-1, are refused by name":       "TestUnsupportedSignatureIsNamed TestVerifyNamesAlgorithms TestNewIssuerSignatureAlgorithm",
	"**Names.** DNS names have letters":                "TestCanonicalNameRefusals",
	"A wildcard is the whole first label":              "TestCanonicalNameRefusals",
	"A DNS name is not an IP address":                  "TestCanonicalNameRefusals",
	"An A-label converts to Unicode and back":          "TestCanonicalNameRefusals",
	"An IPv4 address is not mapped into IPv6":          "TestCanonicalNameRefusals TestMessages",
	"A URI has a host in ASCII":                        "TestClientSanRefused",
	"A common name that reads like a host name":        "TestCheckTextSpellings TestMessages",
	"E-mail addresses, URIs and other names in a CSR":  "TestCreateServerCertificateWithCsrOtherNames",
	"**Issued content.** Only the key, the names":      "TestProfileIgnoresRequestedExtensions TestCreateServerCertificateWithCsrSubject",
	"A custom certificate without `Subject` has all":   "TestCreateCustomCertificateSubject",
	"A custom certificate is never a CA's":             "FuzzCreateCustomCertificateRequestJSON TestCreateCustomCertificateRefusesRequest",
	"A CA of another product keeps the whole subject":  "TestCreateExternalCACertificateKeepsSubject TestCreateExternalCACertificateRefusesRequest",
	"A certificate stays within the chain's validity":  "TestCreateServerCertificateWithCsrValidity TestCreateSubCACertificatePathLengthAbove TestCreateSubCACertificateExtendedKeyUsagesAbove TestCreateExternalCACertificateRefusesParent TestNameConstraintsAlongTheChain TestCreateOCSPResponderCertificate",
	"A root, an expired or a revoked CA does not":      "TestLeafOperationsRefuseUnderIssuer TestCreateServerCertificateWithCsrExpiredIssuer TestPoolIssuer",
	"Its subject is not the CA's, however spelled":     "TestSubjectOfACA TestSubjectOfACASpelledOtherwise TestSubjectOfACASpelledInUnicode",
	"**Pairs** of SM2 certificates":                    "TestCreateEncryptCertificateRefuses TestCreateEncryptCertificateEveryOctet TestCreateEncryptCertificateCopies",
	"An encryption certificate is signed only for":     "TestCreateEncryptCertificateRefuses TestCreateEncryptCertificateEveryOctet TestCreateEncryptCertificateCopies",
	"A signing certificate that is revoked or unknown": "TestCreateEncryptCertificateLookup TestStatusOfCreateEncryptCertificate",
	"`ca.Verify` with `Pair` verifies both":            "TestVerifyPairRefuses",
	"**Name constraints** (RFC 5280":                   "TestNameConstraintsEnforced TestNameConstraintsAlongTheChain TestConstraintsMatch TestConstraintsDirectory TestVerifyRefuses",
	"Constraints on other kinds of name":               "TestConstraintsOf TestForeignNameConstraints TestNewIssuerRefusesCertificate",
	"Names that cannot be compared with a constraint":  "TestConstraintsRefuseOddNames TestConstraintsUTF8Mailbox TestConstraintsDirectory",
	"In an issued certificate without DNS names":       "TestCheckCommonName TestMessages",
	"Constraints on e-mail addresses also apply":       "TestCreateCustomCertificateRefusesUnderIssuer",
	"**Revocation** (RFC 5280":                         "TestVerifyRefuses TestPKITS",
	"A CRL is signed by a key of the CA that leads to": "TestVerifyAccepts TestVerifyRefuses",
	"A delta CRL or a CRL for some reasons":            "TestVerifyAccepts TestVerifyRefuses TestCRLScopeReasons",
	"Indirect CRLs are refused":                        "TestVerifyRefuses TestScopeOfRefuses",

	"An inventory takes certificates of up to 64 KiB":     "TestAddRefuses",
	"Its labels have up to 255 characters":                "TestAddRefuses TestCertificatesRefuses TestOperationsRefuse",
	"A CA does not have two certificates with one serial": "TestAddTwice TestMemoryStore",
	"**Records** (`ca/inventory`)":                        "TestMemoryStore",
	"A certificate is added once, and revoked once":       "TestAddTwice TestHold TestMemoryStore",
	"Equal calls with a `ClientToken`":                    "TestOnceClientCertificate TestOnceOtherCall TestOnceOvertaken TestMemoryStore",
	"A revocation that was confirmed is on the next CRL":  "TestRevocationList TestStatus TestAddDeleted",
	"CRL numbers rise, also when several processes":       "TestRevocationListNumber TestRevocationListOvertaken TestRevocationListNotCompleted TestMemoryStore",
	"A CRL has all entries of earlier ones":               "TestRevocationListProperty TestRevocationListExpired TestRevocationListClockAhead",
	"An issuer is refused if it has the name":             "TestAddCAKeyIdentifier",
	"Private keys are not stored":                         "TestSecretsOfTypes TestUpdateCACertificateStatus",
	"An inventory does not verify the signatures":         "TestAddRefuses",

	"**Domain ownership** (`order`)":                        "TestCheckOwnership",
	"A token has 258 random bits":                           "TestManyOrders",
	"`order.NetVerifier` connects only to public addresses": "TestNetVerifierAllows TestNetVerifierForbiddenAddresses TestNetVerifierRebinding",
	"It looks at up to 100 addresses":                       "TestNetVerifierManyAddresses TestNetVerifierAddresses",
	"Up to five redirects stay on the host":                 "TestNetVerifierFile TestNetVerifierRedirectFold",
	"A file has up to 4 KiB":                                "TestNetVerifierFile TestNetVerifierTimeout TestNetVerifierStalledServer",
	"A check of an order looks up each of its names":        "TestOwnershipOfSeveralNames TestSeveralWildcards",
	"Messages to the applicant contain no address":          "TestCheckOwnershipFile TestCheckOwnershipDNS FuzzCheckOwnership",
	"A file does not prove a wildcard":                      "TestCreateCertificateWithCsrRequestRefused",
	"A wildcard directly below a public suffix":             "TestCreateCertificateWithCsrRequestRefused",
	"A certificate signed by `Issue` contains only":         "TestIssue",
	"**Public CAs** (`order/acme`)":                         "TestNonsense TestLoopback",
	"Requests go to https, or to http on loopback":          "TestNonsense TestLoopback TestFields",
	"An answer has up to 1 MiB, a URL up to 2048":           "TestNonsense",
	"A nonce that the CA refuses is replaced":               "TestNonces",
	"A CA can ask for a pause":                              "TestUnavailable",
	"Up to 500 octets of a CA's text":                       "TestRefusals TestNonsense FuzzAnswers",
	"The token of a proof is base64url":                     "TestNonsense",
	"A certificate for another key than the CSR's":          "TestRefusals",
	"**Answers of an `order.Authority`** to a Book":         "TestAuthorityNonsense TestAuthorityLimits FuzzAuthorityAnswer",
	"A reference has up to 2048 octets":                     "TestAuthorityNonsense TestAuthorityLimits FuzzAuthorityAnswer",
	"A proof is for a name of the order":                    "TestAuthorityNonsense FuzzAuthorityAnswer",
	"A certificate is for the key and all names":            "TestAuthorityNonsense",
	"An answer that breaks a rule changes nothing":          "TestAuthorityNonsense",
	"A reason is cut to 500 octets":                         "TestAuthorityRefuses",
	"**Stored private keys** (`csr/archive`)":               "TestSealedKey TestArchiveWithoutSealer",
	"A private key is stored only if the caller's AEAD":     "TestSealedKey TestArchiveWithoutSealer",
	"A key that was changed or moved to another CSR":        "TestSealerNonceSizes TestSealedKeyOfAnother",
	"A key must belong to its CSR":                          "TestUploadCsrRefuses TestUpdateCsrRefuses TestAddRefuses",
	"The text of a key has up to 64 KiB":                    "TestUploadCsrRefuses",
	"A page of CSRs has up to 1000":                         "TestListCsrRefuses",
	"A CSR never replaces another one with the same CsrId":  "TestUploadCsrRefusesSameCsrId",
	"**Quota.** An order and the unit it uses":              "TestRaceForTheLastUnit TestRaceOfUnits TestOrderStoreKilled",
	"**Secrets.** fmt, log/slog and encoding/json print":    "TestNoLeakInFmt TestNoLeakInEncodings TestSecretsOfTypes",
	"Of requests and responses that hold a key as text":     "TestArchivePrintsNoKey TestSecretsOfTypes",
	"Messages have at most 1000 octets":                     "TestErrorfCutsMessages TestMessagesAreShort",
	"They never quote a CSR or chain as it was sent":        "TestSecretsInErrors TestMessagesAreShort",
	"They leave out what looks like a private key":          "TestErrorfQuotesNoKey TestErrorfQuotesNoBase64 TestSecretsInErrors",
	"Of bare keys of 32 octets in base64 this misses":       "TestErrorfFindsKeys",
	"A key in hexadecimal looks like a digest":              "TestErrorfQuotesNoBase64",
	"No message contains the password of a key":             "TestSecretsInErrors TestParseEncryptedPrivateKeyRefuses TestLoadPoolEncryptedRefuses",
	"The cause of an internal failure is in `Error()`":      "TestErrorBodyParameter",
	"A `ca.Pool` forgets revocations when the process ends": "TestPoolForgetsRevocations",
	"Without it `ca.Verify` accepts the certificates of a":  "TestVerifyAccepts",
	"Whether others know a key, unless `Blocked` says so":   "TestVerifyDoesNotCallBlocked",
	"CSR attributes and extensions that are not used":       "TestParseSetOrder",
	"Processor faults: signatures by ECDSA and SM2 keys":    "TestSignerVerifiesOthers",
	"Memory is not wiped, except for the numbers":           "TestKeyPoolCloseWipes TestWipe",
	"`GODEBUG=fips140=on` works":                            "TestFIPS",
	"With `GODEBUG=fips140=only` Go panics on MD5, SHA-1":   "TestFIPSOperations",
	"Certificate policies (`ca.Verify` refuses a chain":     "TestVerifyRefuses TestNewIssuerRefusesPolicies",
	"Public suffixes, except for wildcards in orders":       "TestChallenge",
	"Responses have the serial numbers and identifiers":     "TestDocumentedResponse",
}

// securityBounds are the numbers of SECURITY.md, and the source that enforces each.
var securityBounds = []struct{ words, file, source string }{
	{"64 KiB for CSRs", "csr/parse.go", "MaxSize = 64 << 10"},
	{"64 KiB for CSRs", "internal/param/csr.go", "maxCSR = 64 << 10"},
	{"OCSP requests and lists of names", "internal/x509der/ocsp.go", "maxOCSPRequest = 64 << 10"},
	{"OCSP requests and lists of names", "internal/param/names.go", "maxList = 64 << 10"},
	{"OCSP requests and lists of names", "ca/san_value.go", "maxSanValue = 64 << 10"},
	{"250 names besides the common name", "internal/x509der/altname.go", "MaxNames = 250"},
	{"253 characters a name before any conversion", "internal/x509der/hostname.go", "utf8.RuneCountInString(entry) > 253"},
	{"up to 4096 octets, without empty attributes", "internal/x509der/name.go", "maxKeptName = 4 << 10"},
	{"128 characters an object identifier", "ca/object_identifier.go", "maxOID = 128"},
	{"2048 octets a URI", "ca/typed_names.go", "maxURI = 2048"},
	{"up to 32 attributes of a CSR's subject or `CustomAttributes`", "ca/custom_subject.go", "maxAttributes = 32"},
	{"of up to 1024 characters each", "internal/x509der/attribute.go", "return 1024"},
	{"up to 48 digits", "ca/create_custom_certificate.go", "maxSerialDigits = 48"},
	{"certificates of up to 64 KiB", "ca/inventory/certificate.go", "maxCertificate = 64 << 10"},
	{"up to 4096 names and domains above them", "ca/inventory/terms.go", "maxTerms = 4096"},
	{"labels have up to 255 characters", "internal/param/parameter.go", "maxLabel = 255"},
	{"pages up to 1000 certificates", "ca/inventory/inventory.go", "maxPage = 1000"},
	{"up to 100 statuses", "ca/inventory/describe_client_certificate_status.go", "maxIdentifiers = 100"},
	{"1 MiB for the text of a private key", "algorithm/pem.go", "maxKeyText = 1 << 20"},
	{"1 MiB for the signing certificate of a pair", "ca/create_encrypt_certificate.go", "maxSignCert = 1 << 20"},
	{"16 KiB for the key", "algorithm/pem.go", "maxKeyDER = 16 << 10"},
	{"1 KiB for an envelope", "algorithm/envelope.go", "maxEnvelope = 1 << 10"},
	{"compared in constant time. An envelope", "algorithm/envelope.go", "subtle.ConstantTimeCompare(inner.PublicBytes(), e.point)"},
	{"a body of up to 1 MiB", "call.go", "maxBody = 1 << 20"},
	{"up to 1000 parameters with 1 MiB, up to 1000 members", "call_decode.go", "maxParameters = 1000"},
	{"1000 parameters with 1 MiB", "call_decode.go", "maxParameterOctets = 1 << 20"},
	{"lists of up to 100 entries", "call_decode.go", "maxItems = 100"},
	{"up to 1000 certificates in each text", "ca/verify_pool.go", "maxCertificates = 1000"},
	{"chains of up to 10", "ca/chain.go", "maxChain = 10"},
	{"up to 100 signatures of certificates", "ca/verify_search.go", "maxChecks = 100"},
	{"and 1000 of CRLs", "ca/verify_revocation.go", "maxListChecks = 1000"},
	{"up to 2^20 times", "ca/verify_search.go", "maxComparisons = 1 << 20"},
	{"once more for each 256 octets", "internal/x509der/constraints_check.go", "1 + int64(len(constraint)/256)"},
	{"have up to 100 names", "internal/x509der/distribution_point.go", "maxPointNames = 100"},
	{"asks about up to 100 certificates", "internal/x509der/ocsp.go", "maxOCSPCertIDs = 100"},
	{"up to 64 extensions each", "internal/x509der/extension.go", "maxExtensions = 64"},
	{"up to 10,000,000 iterations", "algorithm/pbes2.go", "maxIterations = 10_000_000"},
	{"N·r up to 2^20, which is 128 MiB", "algorithm/pbes2.go", "maxScryptNR = 1 << 20"},
	{"N·r·p up to 2^22", "algorithm/pbes2.go", "maxScryptNRP = 1 << 22"},
	{"r up to 32", "algorithm/pbes2.go", "maxScryptR = 32"},
	{"p up to 16", "algorithm/pbes2.go", "maxScryptP = 16"},
	{"The salt has up to 256 octets", "algorithm/pbes2.go", "maxSalt = 256"},
	{"an odd exponent from 65537 to 2^31-1", "algorithm/check.go", "pub.E < 65537 || pub.E%2 == 0 || pub.E > 1<<31-1"},
	{"no prime factor up to 751", "algorithm/weakrsa.go", "maxSmallPrime = 751"},
	{"is compared in constant time", "order/ownership.go", "subtle.ConstantTimeCompare([]byte(text), []byte(token))"},
	{"up to 100 addresses of a name", "order/net_verifier.go", "maxSeen = 100"},
	{"connects to up to ten", "order/net_verifier.go", "maxAddresses = 10"},
	{"Up to five redirects", "order/net_verifier.go", "maxRedirects = 5"},
	{"A file has up to 4 KiB", "order/net_verifier.go", "maxFile = 4 << 10"},
	{"a lookup takes up to 10 seconds", "order/net_verifier.go", "timeout = 10 * time.Second"},
	{"An answer has up to 1 MiB", "order/acme/session.go", "maxBody = 1 << 20"},
	{"a URL up to 2048 octets", "order/acme/session.go", "maxURL = 2048"},
	{"up to 250 authorizations", "order/acme/authority.go", "maxAuthorizations = 250"},
	{"replaced up to ten times", "order/acme/session.go", "maxNonces = 10"},
	{"a pause of up to seven days", "order/acme/problem.go", "maxRetry = 7 * 24 * time.Hour"},
	{"Up to 500 octets of a CA's text", "order/acme/problem.go", "maxText = 500"},
	{"A reference has up to 2048 octets", "order/authority_answer.go", "maxReference = 2048"},
	{"a proof up to 512", "order/authority_answer.go", "maxProof = 512"},
	{"A reason is cut to 500 octets", "order/ownership.go", "text = strings.ToValidUTF8(text[:500], \"\")"},
	{"The text of a key has up to 64 KiB", "csr/archive/sealing.go", "maxKey = 64 << 10"},
	{"A page of CSRs has up to 1000", "csr/archive/list_csr.go", "maxShowSize = 1000"},
	{"a word to look for up to 253 characters", "csr/archive/list_csr.go", "maxKeyWord = 253"},
	{"at most 1000 octets", "errors.go", "maxMessage = 1000"},
}

// oneSpace returns a text with one space for each white space.
func oneSpace(text string) string { return strings.Join(strings.Fields(text), " ") }

var testName = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w*)\(`)

// Each sentence of SECURITY.md about what is checked is held by tests. Change the
// tests together with the sentence.
func TestSecuritySentences(t *testing.T) {
	t.Parallel()
	tests := make(map[string]bool)
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			for _, name := range testName.FindAllStringSubmatch(readText(t, path), -1) {
				tests[name[1]] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page := oneSpace(readText(t, "SECURITY.md"))
	for words, names := range securityTests {
		if !strings.Contains(page, words) {
			t.Errorf("SECURITY.md has no sentence %q", words)
		}
		for name := range strings.FieldsSeq(names) {
			if !tests[name] {
				t.Errorf("%q: there is no test %s", words, name)
			}
		}
	}
	covered := slices.Collect(maps.Keys(securityTests))
	_, checked, _ := strings.Cut(page, "## What is checked ")
	checked, _, _ = strings.Cut(checked, " ## What you must do")
	for sentence := range strings.SplitSeq(checked, ". ") {
		sentence = strings.TrimPrefix(sentence, "* ")
		begins := func(words string) bool { return strings.HasPrefix(sentence, words) }
		if !slices.ContainsFunc(covered, begins) {
			t.Errorf("SECURITY.md: no test is named for the sentence %q", sentence)
		}
	}
}

// SECURITY.md and the code have the same bounds.
func TestSecurityBounds(t *testing.T) {
	t.Parallel()
	page := oneSpace(readText(t, "SECURITY.md"))
	for _, bound := range securityBounds {
		if !strings.Contains(page, bound.words) {
			t.Errorf("SECURITY.md does not say %q", bound.words)
		}
		if !strings.Contains(oneSpace(readText(t, bound.file)), bound.source) {
			t.Errorf("%q: %s does not have %s", bound.words, bound.file, bound.source)
		}
	}
}
