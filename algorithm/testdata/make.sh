#!/bin/sh
# Makes the files of privatekey/, publickey/, encrypted/ and envelope/, and pubmd5.txt, with OpenSSL 3.0 and
# certtool from the keys of internal/testkeys. ca/testdata/tools/make.sh makes tjfoc-sm2.pem. Run it
# in this directory. The keys made here differ from run to run; no test depends on their numbers.
set -eu
keys=../../internal/testkeys/testdata
rsa=$keys/RSA_1024-0.pem ec=$keys/ECC_256-0.pem sm2=$keys/SM2_256-0.pem

# Forms that are read.
openssl pkey -traditional -in $rsa >privatekey/rsa-pkcs1.pem
(openssl ecparam -name prime256v1; openssl ec -in $ec) >privatekey/ec-sec1.pem
(openssl ecparam -name SM2; openssl ec -in $sm2) >privatekey/sm2-sec1.pem
sed 's/SM2 P/EC P/' privatekey/sm2-sec1.pem >privatekey/sm2-sec1-labelled-ec.pem
(openssl req -x509 -new -key $ec -subj /CN=example.com -days 36500; cat $ec) >privatekey/with-certificate.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit >privatekey/explicit.pem
certtool --key-info --load-privkey $keys/RSA_2048-0.pem --outfile privatekey/certtool-rsa.pem

# Forms and kinds that are not.
openssl pkcs8 -topk8 -in $ec -passout pass:x >privatekey/refused-encrypted-pkcs8.pem
openssl pkey -traditional -aes128 -in $rsa -passout pass:x >privatekey/refused-encrypted-rsa.pem
openssl ec -aes128 -in $ec -passout pass:x >privatekey/refused-encrypted-ec.pem
openssl genpkey -algorithm Ed25519 >privatekey/refused-ed25519.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-224 >privatekey/refused-p224.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 >privatekey/refused-secp256k1.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1536 >privatekey/refused-rsa1536.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_keygen_pubexp:3 >privatekey/refused-rsa-exponent3.pem
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 >privatekey/refused-rsa-pss.pem
openssl dsaparam -out dsaparam.tmp 1024
openssl genpkey -paramfile dsaparam.tmp >privatekey/refused-dsa-pkcs8.pem
openssl pkey -traditional -in privatekey/refused-dsa-pkcs8.pem >privatekey/refused-dsa.pem
rm dsaparam.tmp

# Public keys.
openssl pkey -in $sm2 -pubout >publickey/sm2.pem
openssl pkey -in privatekey/explicit.pem -pubout >publickey/refused-explicit.pem
for kind in ed25519 p224 secp256k1 rsa1536 rsa-pss dsa-pkcs8; do
	openssl pkey -in privatekey/refused-$kind.pem -pubout >publickey/refused-$kind.pem
done
openssl pkey -in $ec -pubout -ec_conv_form compressed >publickey/refused-p256-compressed.pem
openssl pkey -in $ec -pubout -ec_conv_form hybrid >publickey/refused-p256-hybrid.pem
openssl ec -in $sm2 -pubout -conv_form compressed >publickey/refused-sm2-compressed.pem
openssl ec -in $sm2 -pubout -conv_form hybrid >publickey/refused-sm2-hybrid.pem

# Encrypted keys. Few iterations keep the tests fast. refused-rfc7914.pem is from section 13 of that RFC.
mkdir -p encrypted
encrypt() { key=$1 name=$2; shift 2; openssl pkcs8 -topk8 -in $key -passout 'pass:correct horse 密码' "$@" >encrypted/$name.pem; }
encrypt $ec openssl
encrypt $keys/RSA_2048-0.pem rsa -iter 100
encrypt $sm2 sm2 -iter 100
for cipher in aes-128-cbc aes-192-cbc aes-256-cbc des3 sm4-cbc; do
	encrypt $ec $cipher -iter 100 -v2 $cipher
done
for hash in SHA1 SHA224 SHA256 SHA384 SHA512 SHA512-224 SHA512-256; do
	encrypt $ec hmac$hash -iter 100 -v2prf hmacWith$hash
done
encrypt $ec scrypt -scrypt
encrypt $ec scrypt-small -scrypt -scrypt_N 16 -scrypt_r 2 -scrypt_p 3
encrypt $ec refused-pbes1-sha1-3des -v1 PBE-SHA1-3DES
encrypt $ec refused-pbes1-md5-des -v1 PBE-MD5-DES -provider legacy -provider default
encrypt $ec refused-camellia -v2 camellia-256-cbc
openssl pkcs12 -export -nocerts -inkey $ec -passout 'pass:correct horse 密码' >encrypted/refused.p12

# Envelopes of SM2_256-1 for SM2_256-0. OpenSSL writes each part, and puts them together.
mkdir -p envelope
envelope() { # name, AlgorithmIdentifier
	openssl pkcs8 -topk8 -nocrypt -in $keys/SM2_256-1.pem -outform DER >key.tmp
	openssl rand 16 >sm4.tmp
	openssl pkeyutl -encrypt -inkey $sm2 -in sm4.tmp -out cipher.tmp
	tail -c 102 key.tmp | head -c 32 | openssl enc -sm4-ecb -nopad -K $(od -An -tx1 sm4.tmp | tr -d ' ') >encrypted.tmp
	set -- "$1" "$2" $(openssl asn1parse -inform DER -in cipher.tmp | sed -n 's/.*://p' | tail -n 4)
	cat >conf.tmp <<-end
		asn1 = SEQUENCE:envelope
		[envelope]
		id = SEQUENCE:id
		key = SEQUENCE:key
		public = FORMAT:HEX,BITSTRING:$(tail -c 65 key.tmp | od -An -tx1 | tr -d ' \n')
		private = FORMAT:HEX,BITSTRING:$(od -An -tx1 encrypted.tmp | tr -d ' \n')
		[id]
		$2
		[key]
		x = INTEGER:0x$3
		y = INTEGER:0x$4
		hash = FORMAT:HEX,OCT:$5
		cipher = FORMAT:HEX,OCT:$6
	end
	openssl asn1parse -genconf conf.tmp -noout -out envelope/$1.der
}
envelope openssl 'oid = OID:1.2.156.10197.1.104.1
null = NULL'
envelope openssl-sm4 'oid = OID:1.2.156.10197.1.104'
rm *.tmp

for f in $keys/*.pem; do
	echo "$(basename $f .pem) $(openssl pkey -in $f -pubout -outform DER | openssl md5 -r | cut -d' ' -f1)"
done >pubmd5.txt
