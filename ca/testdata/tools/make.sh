#!/bin/sh
# Makes what other tools write, for the tests and as seeds of the fuzz targets:
# chains of a subordinate CA with the test key 1 under a root with the test key 0,
# their CRLs, and OCSP requests. It needs openssl 3, certtool, ocsptool, keytool
# and Go. Run it in this directory. The files are committed; another run gives
# them other signatures and times.
set -eu
keys=../../../internal/testkeys/testdata
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
rm -f *.pem *.der

cat >"$tmp/ca.cnf" <<EOF
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ca]
default_ca = default
[default]
database = $tmp/index
crlnumber = $tmp/number
crl_extensions = crl
default_crl_days = 36500
[crl]
authorityKeyIdentifier = keyid
EOF
subj='/C=CN/ST=Zhejiang/L=杭州/O=Example Co./OU=PKI/CN='
printf 'R\t21260101000000Z\t260101000000Z,keyCompromise\t01A2\tunknown\t/CN=a\nR\t21260101000000Z\t260102000000Z\t7F\tunknown\t/CN=b\n' >"$tmp/index"

# with_openssl ALGORITHM HASH [distid:ID]
with_openssl() {
	a=$1 hash=$2 sign=${3:+-sigopt $3} verify=${3:+-vfyopt $3}
	echo 01 >"$tmp/number"
	openssl req -x509 -new -key "$keys/$a-0.pem" "-$hash" $sign -utf8 -subj "${subj}OpenSSL Root" -days 36500 -config "$tmp/ca.cnf" -extensions root -out "$tmp/root.pem"
	openssl req -new -key "$keys/$a-1.pem" "-$hash" $sign -utf8 -subj "${subj}OpenSSL Sub CA" -config "$tmp/ca.cnf" -out "$tmp/sub.csr"
	openssl x509 -req -in "$tmp/sub.csr" $verify -CA "$tmp/root.pem" -CAkey "$keys/$a-0.pem" -set_serial 0x1234 "-$hash" $sign -days 36500 -extfile "$tmp/ca.cnf" -extensions sub -out "$tmp/sub.pem" 2>/dev/null
	cat "$tmp/sub.pem" "$tmp/root.pem" >"openssl-$a-chain.pem"
	openssl ca -gencrl -config "$tmp/ca.cnf" -cert "$tmp/sub.pem" -keyfile "$keys/$a-1.pem" -md "$hash" $sign -out "openssl-$a-crl.pem" 2>/dev/null
}
with_openssl RSA_2048 sha256
openssl ocsp -issuer "$tmp/sub.pem" -serial 0x01A2 -no_nonce -reqout openssl-ocsp-sha1.der
openssl ocsp -issuer "$tmp/sub.pem" -sha256 -serial 0x01A2 -serial 0x7F -reqout openssl-ocsp-two-nonce.der
openssl ocsp -issuer "$tmp/sub.pem" -serial 0x01A2 -signer "$tmp/root.pem" -signkey $keys/RSA_2048-0.pem -reqout openssl-ocsp-signed.der
with_openssl ECC_256 sha256
with_openssl SM2_256 sm3 distid:1234567812345678

cat >"$tmp/root.tmpl" <<EOF
cn = "GnuTLS Root"
serial = 1
organization = "Example Co."
country = CN
ca
cert_signing_key
crl_signing_key
expiration_days = -1
EOF
sed 's/Root/Sub CA/; s/^serial.*/serial = 2/; $a path_len = 0' "$tmp/root.tmpl" >"$tmp/sub.tmpl"
printf 'crl_next_update = 36500\ncrl_number = 7\n' >"$tmp/crl.tmpl"
with_certtool() {
	certtool --generate-self-signed --no-text --load-privkey "$keys/$1-0.pem" --template "$tmp/root.tmpl" --outfile "$tmp/root.pem" 2>/dev/null
	certtool --generate-certificate --no-text --load-privkey "$keys/$1-1.pem" --template "$tmp/sub.tmpl" --load-ca-certificate "$tmp/root.pem" --load-ca-privkey "$keys/$1-0.pem" --outfile "$tmp/sub.pem" 2>/dev/null
	cat "$tmp/sub.pem" "$tmp/root.pem" >"certtool-$1-chain.pem"
	certtool --generate-crl --no-text --load-ca-certificate "$tmp/sub.pem" --load-ca-privkey "$keys/$1-1.pem" --load-certificate "$tmp/root.pem" --template "$tmp/crl.tmpl" --outfile "certtool-$1-crl.pem" 2>/dev/null
}
with_certtool RSA_2048
with_certtool ECC_256
ocsptool --generate-request --load-issuer "$tmp/root.pem" --load-cert "$tmp/sub.pem" --outder --outfile ocsptool-ocsp.der --nonce
ocsptool --generate-request --load-issuer "$tmp/sub.pem" --load-cert "$tmp/sub.pem" --outder --outfile ocsptool-ocsp-no-nonce.der --no-nonce

# keytool holds both keys in one store.
for i in 0 1; do
	openssl req -x509 -new -key "$keys/ECC_256-$i.pem" -subj "/CN=$i" -days 36500 -out "$tmp/any.pem"
	openssl pkcs12 -export -inkey "$keys/ECC_256-$i.pem" -in "$tmp/any.pem" -name "k$i" -passout pass:changeit -out "$tmp/k$i.p12"
	keytool -importkeystore -srckeystore "$tmp/k$i.p12" -srcstorepass changeit -destkeystore "$tmp/store.p12" -deststorepass changeit -deststoretype PKCS12 2>/dev/null
done
java() { keytool -keystore "$tmp/store.p12" -storepass changeit -validity 36500 -ext bc:c=ca:true -ext ku:c=keyCertSign,cRLSign "$@" 2>/dev/null; }
java -selfcert -alias k0 -dname 'CN=Java Root, O="Example, Inc.", C=CN'
java -certreq -alias k1 -file "$tmp/sub.csr"
java -gencert -alias k0 -infile "$tmp/sub.csr" -outfile "$tmp/sub.pem" -rfc -dname 'CN=Java Sub CA, O="Example, Inc.", C=CN'
java -exportcert -alias k0 -rfc -file "$tmp/root.pem"
cat "$tmp/sub.pem" "$tmp/root.pem" >keytool-ECC_256-chain.pem
java -importcert -noprompt -alias k1 -file keytool-ECC_256-chain.pem
keytool -gencrl -keystore "$tmp/store.p12" -storepass changeit -alias k1 -id 42 -id 4711 -rfc -file keytool-ECC_256-crl.pem 2>/dev/null

go run -C ../../../internal/interop ./testdata/tjfoc ../..
