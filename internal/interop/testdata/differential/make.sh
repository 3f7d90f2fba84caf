#!/bin/sh
# Makes the CSRs that TestDifferential alters: ./make.sh
# It needs openssl 3. The CSRs are committed, so every test run alters the same bytes.
# Run this script only to change them.
set -eu
cd "$(dirname "$0")"
keys=../../../testkeys/testdata
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# make NAME KEY STRING_MASK ORGANIZATION HASH [OPTION...]
make() {
	cat >"$tmp/req.cnf" <<EOF
[req]
prompt = no
utf8 = yes
string_mask = $3
distinguished_name = dn
attributes = attributes
req_extensions = extensions
[dn]
C = CN
ST = Zhejiang
L = Hangzhou
O = $4
OU = IT
CN = www.example.com
emailAddress = admin@example.com
[attributes]
challengePassword = secret1
[extensions]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
subjectAltName = DNS:www.example.com,DNS:*.Example.ORG,DNS:xn--fsqu00a.example.com,IP:192.0.2.7,IP:2001:db8::7,email:a@example.com,URI:https://example.com/
EOF
	name=$1 key=$2 hash=$5
	shift 5
	openssl req -new -key "$keys/$key-0.pem" -config "$tmp/req.cnf" "-$hash" -out "$name.pem" "$@"
}
make p256 ECC_256 utf8only 例子公司 sha256
make p256-bmp ECC_256 pkix 例子公司 sha256
make p384 ECC_384 default 'Example Co.' sha384
make rsa RSA_2048 default 'Example Co.' sha512
make sm2 SM2_256 utf8only 例子公司 sm3 -sigopt distid:1234567812345678
