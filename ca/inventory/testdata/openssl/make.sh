#!/bin/sh
# Makes demoCA again with "openssl ca" of OpenSSL 3.0, as its default configuration has
# it. Run it in this directory. The keys and the signatures differ from run to run.
set -eu
rm -rf demoCA tmp
mkdir -p demoCA/newcerts demoCA/private tmp
: >demoCA/index.txt
echo 1000 >demoCA/serial
echo 2026033101 >demoCA/crlnumber # a date, which openssl reads as hexadecimal digits
cat >tmp/openssl.cnf <<'CNF'
[ca]
default_ca = CA_default
[CA_default]
dir = ./demoCA
database = $dir/index.txt
new_certs_dir = $dir/newcerts
certificate = $dir/cacert.pem
serial = $dir/serial
crlnumber = $dir/crlnumber
private_key = $dir/private/cakey.pem
x509_extensions = usr_cert
default_md = sha256
default_crl_days = 30
policy = policy_anything
[policy_anything]
commonName = supplied
[req]
distinguished_name = req_dn
[req_dn]
[v3_ca]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always,issuer
basicConstraints = critical,CA:true
[usr_cert]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer
extendedKeyUsage = serverAuth
subjectAltName = $ENV::NAMES
CNF
export NAMES=DNS:unused.example.com
ca() { openssl ca -batch -notext -config tmp/openssl.cnf -passin pass:example "$@"; }

openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout demoCA/private/cakey.pem -passout pass:example \
	-config tmp/openssl.cnf -subj "/O=Example Ltd/CN=Example CA" -out tmp/ca.csr
openssl ecparam -name prime256v1 -genkey -noout -out tmp/server.key
# As CA.pl does, so that the CA is in index.txt too.
ca -selfsign -keyfile demoCA/private/cakey.pem -in tmp/ca.csr -extensions v3_ca -policy policy_anything \
	-startdate 20240101000000Z -enddate 20340101000000Z -out demoCA/cacert.pem
for host in www mail shop vpn test; do
	NAMES=DNS:$host.example.com
	openssl req -new -key tmp/server.key -config tmp/openssl.cnf -subj "/CN=$host.example.com" -out tmp/$host.csr
	ca -in tmp/$host.csr -startdate 20250601000000Z -enddate 20270601000000Z -out tmp/$host.pem
done
NAMES=DNS:old.example.com
openssl req -new -key tmp/server.key -config tmp/openssl.cnf -subj "/CN=old.example.com" -out tmp/old.csr
ca -in tmp/old.csr -startdate 20240101000000Z -enddate 20250101000000Z -out tmp/old.pem
ca -revoke tmp/mail.pem -crl_compromise 20260314120000Z
ca -revoke tmp/shop.pem -crl_reason cessationOfOperation
ca -revoke tmp/vpn.pem -crl_hold holdInstructionReject
ca -revoke tmp/test.pem
ca -updatedb
ca -gencrl -out tmp/crl.pem

# openssl writes the time of the call. The example wants the same time in each run.
sed -i 's/^\(R\t[^\t]*\t\)[0-9]*Z/\1260315090000Z/' demoCA/index.txt
rm -rf tmp demoCA/*.old demoCA/*.attr
