#!/bin/sh
# Makes the CSRs of other tools that the tests read: ./generate.sh
# It needs openssl 3, keytool, certtool and Go. The files under accepted/ and refused/ are
# committed; run it again only to change them, as every signature but RSA's is
# then another one.
set -eu
cd "$(dirname "$0")"
keys=../../internal/testkeys/testdata
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
rm -rf accepted refused
mkdir accepted refused

subj='/C=CN/ST=Zhejiang/L=Hangzhou/O=Example Co./OU=IT/CN=www.example.com/emailAddress=admin@example.com'
san='subjectAltName=DNS:www.example.com,DNS:*.example.com,DNS:Mixed.Example.ORG,IP:192.0.2.7,IP:2001:db8::7,email:a@example.com,URI:https://example.com/'
req() { name=$1; key=$2; shift 2; openssl req -new -key "$keys/$key-0.pem" -out "accepted/openssl-$name.pem" -subj "$subj" "$@"; }

req rsa-1024 RSA_1024 -sha256
req rsa-2048 RSA_2048 -sha256
req rsa-3072 RSA_3072 -sha256
req rsa-4096 RSA_4096 -sha256
req p256 ECC_256 -sha256
req p384 ECC_384 -sha256
req p521 ECC_512 -sha256
req sm2-empty-id SM2_256 -sm3
req sm2 SM2_256 -sm3 -sigopt distid:1234567812345678
req rsa-2048-san RSA_2048 -sha256 -addext "$san"
req p256-san ECC_256 -sha256 -addext "$san" -addext 'keyUsage=critical,digitalSignature' -addext 'basicConstraints=CA:FALSE'
req sm2-san SM2_256 -sm3 -sigopt distid:1234567812345678 -addext "$san"
req rsa-2048-sha384 RSA_2048 -sha384
req rsa-2048-sha512 RSA_2048 -sha512
req rsa-2048-pss RSA_2048 -sha256 -sigopt rsa_padding_mode:pss # the longest salt
req rsa-4096-pss RSA_4096 -sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
req p256-sha512 ECC_256 -sha512
req p384-sha384 ECC_384 -sha384
req p521-sha512 ECC_512 -sha512
req new-label RSA_2048 -newhdr
req text RSA_2048 -text

# Subjects with other string types, an RDN of two attributes, a challengePassword.
config() { # string_mask
	cat >"$tmp/req.cnf" <<EOF
[req]
prompt = no
utf8 = yes
string_mask = $1
distinguished_name = dn
attributes = attrs
[dn]
C = CN
ST = 浙江
L = 杭州
O = $2
CN = www.example.com
[attrs]
challengePassword = secret1
unstructuredName = a name
EOF
}
withconfig() { openssl req -new -key "$keys/$2-0.pem" -config "$tmp/req.cnf" -out "accepted/openssl-$1.pem"; }
config utf8only 例子公司; withconfig utf8 ECC_256
config pkix 例子公司; withconfig bmp ECC_256
config pkix 例子公司; withconfig bmp-rsa RSA_2048
sed -i 's/^ST = .*/ST = a_b@c/; s/^L = .*/L = Hangzhou/; s/^O = .*/O = At@Sign_Co/; s/^string_mask.*/string_mask = nombstr/' "$tmp/req.cnf"; withconfig t61 ECC_256
openssl req -new -key $keys/ECC_256-0.pem -subj '/C=CN/O=Example+OU=IT/OU=Second/CN=multi.example.com+serialNumber=42' -multivalue-rdn -out accepted/openssl-multivalue.pem
openssl req -new -key $keys/ECC_256-0.pem -subj '/' -addext 'subjectAltName=DNS:only-san.example.com' -out accepted/openssl-no-subject.pem
openssl req -new -key $keys/ECC_256-0.pem -subj '/CN=mail.example.com' -addext 'subjectAltName=email:a@example.com' -out accepted/openssl-email-san.pem

java() { name=$1; shift; keytool -genkeypair -alias k -keystore "$tmp/$name.p12" -storepass changeit -storetype PKCS12 -dname 'CN=java.example.com, OU=IT, O="Example, Inc.", L=杭州, ST=Zhejiang, C=CN' "$@" 2>/dev/null
	keytool -certreq -alias k -keystore "$tmp/$name.p12" -storepass changeit ${requestsig:+-sigalg "$requestsig"} -ext san=dns:java.example.com,dns:www.java.example.com,ip:192.0.2.8 -file "accepted/keytool-$name.pem" 2>/dev/null; }
java rsa-2048 -keyalg RSA -keysize 2048
java rsa-4096-sha512 -keyalg RSA -keysize 4096 -sigalg SHA512withRSA
requestsig=RSASSA-PSS java rsa-3072-pss -keyalg RSA -keysize 3072
java p256 -keyalg EC -groupname secp256r1
java p384 -keyalg EC -groupname secp384r1
java p521 -keyalg EC -groupname secp521r1

cat >"$tmp/gnutls.tmpl" <<EOF
cn = "gnutls.example.com"
organization = "Example Co."
country = CN
dns_name = "gnutls.example.com"
ip_address = "192.0.2.9"
signing_key
tls_www_server
EOF
gnutls() { certtool --generate-request --no-text --load-privkey "$keys/$2-0.pem" --template "$tmp/gnutls.tmpl" --outfile "accepted/certtool-$1.pem" 2>/dev/null; }
gnutls rsa-2048 RSA_2048
gnutls p256 ECC_256
go run -C ../../internal/interop ./testdata/tjfoc ../.. # and some files of other packages

# What Parse refuses.
bad() { name=$1; shift; openssl req -new -subj "$subj" -out "refused/$name.pem" "$@"; }
bad sha1 -key $keys/RSA_2048-0.pem -sha1
bad md5 -key $keys/RSA_2048-0.pem -md5
bad sha224 -key $keys/ECC_256-0.pem -sha224
bad ecdsa-sha1 -key $keys/ECC_256-0.pem -sha1
bad sha3 -key $keys/RSA_2048-0.pem -sha3-256
bad pss-sha1 -key $keys/RSA_2048-0.pem -sha1 -sigopt rsa_padding_mode:pss
bad pss-mgf1-sha1 -key $keys/RSA_2048-0.pem -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_mgf1_md:sha1
bad pss-salt -key $keys/RSA_2048-0.pem -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20
bad sm2-other-id -key $keys/SM2_256-0.pem -sm3 -sigopt distid:Alice
openssl genpkey -algorithm ED25519 -out "$tmp/k"; bad ed25519 -key "$tmp/k"
openssl genpkey -algorithm ED448 -out "$tmp/k"; bad ed448 -key "$tmp/k"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-224 -out "$tmp/k"; bad p224 -key "$tmp/k"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out "$tmp/k"; bad secp256k1 -key "$tmp/k"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out "$tmp/k"; bad p256-explicit -key "$tmp/k"
openssl pkey -in $keys/ECC_256-0.pem -ec_conv_form compressed -out "$tmp/k"; bad p256-compressed -key "$tmp/k"
openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out "$tmp/p" 2>/dev/null; openssl genpkey -paramfile "$tmp/p" -out "$tmp/k"; bad dsa -key "$tmp/k" -sha256
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1536 -out "$tmp/k" 2>/dev/null; bad rsa-1536 -key "$tmp/k" -sha256
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out "$tmp/k" 2>/dev/null; bad rsa-e3 -key "$tmp/k" -sha256
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out "$tmp/k" 2>/dev/null; bad rsa-pss-key -key "$tmp/k" -sha256
