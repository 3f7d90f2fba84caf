import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.Provider;
import java.security.Security;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Scanner;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.gm.GMNamedCurves;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.engines.SM2Engine;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.util.BigIntegers;
import org.bouncycastle.util.encoders.Hex;

/**
 * Checks pairs of SM2 certificates and their envelopes with BouncyCastle: java -cp bcprov.jar Pair.java
 *
 * Each line of standard input is "verify SECONDS ROOT CERTIFICATE..." with files in PEM, the server
 * first, or "open KEY ENVELOPE" with the signing key in PEM and the envelope in DER. For each it
 * prints a line: "valid", the signature algorithm and the key usage, or "invalid" and the reason;
 * the private key in hexadecimal, or "cannot open".
 */
class Pair {
    static final Provider BC = new BouncyCastleProvider();

    public static void main(String[] args) throws Exception {
        Security.addProvider(BC); // CertPathValidator finds SM3withSM2 by name
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); ) {
            String[] words = lines.nextLine().split(" ");
            System.out.println(words[0].equals("verify") ? verify(words) : open(words[1], words[2]));
        }
    }

    static String verify(String[] words) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509", BC);
        List<X509Certificate> path = new ArrayList<>();
        for (int i = 2; i < words.length; i++) {
            try (InputStream in = Files.newInputStream(Path.of(words[i]))) {
                path.add((X509Certificate) factory.generateCertificate(in));
            }
        }
        X509Certificate root = path.remove(0);
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.setRevocationEnabled(false);
        parameters.setDate(new Date(Long.parseLong(words[1]) * 1000));
        try {
            CertPathValidator.getInstance("PKIX", BC).validate(factory.generateCertPath(path), parameters);
        } catch (CertPathValidatorException e) {
            Throwable cause = e;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            return "invalid: " + cause.getMessage();
        }
        // SM3withSM2 uses the user ID 1234567812345678.
        root.verify(root.getPublicKey(), BC);
        StringBuilder usages = new StringBuilder();
        boolean[] bits = path.get(0).getKeyUsage();
        for (int i = 0; i < bits.length; i++) {
            if (bits[i]) {
                usages.append(' ').append(i);
            }
        }
        return "valid: " + path.get(0).getSigAlgName() + usages;
    }

    static String open(String keyFile, String envelopeFile) throws Exception {
        String pem = Files.readString(Path.of(keyFile)).replaceAll("-----[^-]*-----", "");
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem));
        ECPrivateKey signing = (ECPrivateKey) KeyFactory.getInstance("EC", BC).generatePrivate(spec);
        X9ECParameters curve = GMNamedCurves.getByName("sm2p256v1");

        ASN1Sequence envelope = ASN1Sequence.getInstance(Files.readAllBytes(Path.of(envelopeFile)));
        String cipherOID = AlgorithmIdentifier.getInstance(envelope.getObjectAt(0)).getAlgorithm().getId();
        if (envelope.size() != 4 || !cipherOID.equals("1.2.156.10197.1.104.1")) {
            return "the cipher is " + cipherOID;
        }
        // SM2Engine takes the point, the hash and the ciphertext without ASN.1.
        ASN1Sequence parts = ASN1Sequence.getInstance(envelope.getObjectAt(1));
        byte[] hash = ASN1OctetString.getInstance(parts.getObjectAt(2)).getOctets();
        byte[] text = ASN1OctetString.getInstance(parts.getObjectAt(3)).getOctets();
        byte[] input = new byte[65 + hash.length + text.length];
        input[0] = 4;
        System.arraycopy(coordinate(parts, 0), 0, input, 1, 32);
        System.arraycopy(coordinate(parts, 1), 0, input, 33, 32);
        System.arraycopy(hash, 0, input, 65, hash.length);
        System.arraycopy(text, 0, input, 65 + hash.length, text.length);

        SM2Engine engine = new SM2Engine(SM2Engine.Mode.C1C3C2);
        engine.init(false, new ECPrivateKeyParameters(signing.getS(), new ECDomainParameters(curve)));
        byte[] key;
        try {
            key = engine.processBlock(input, 0, input.length);
        } catch (InvalidCipherTextException e) {
            return "cannot open";
        }
        Cipher sm4 = Cipher.getInstance("SM4/ECB/NoPadding", BC);
        sm4.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "SM4"));
        byte[] d = sm4.doFinal(ASN1BitString.getInstance(envelope.getObjectAt(3)).getOctets());
        byte[] point = curve.getG().multiply(new BigInteger(1, d)).getEncoded(false);
        if (!Arrays.equals(point, ASN1BitString.getInstance(envelope.getObjectAt(2)).getOctets())) {
            return "the public key is of another private key";
        }
        return Hex.toHexString(d);
    }

    static byte[] coordinate(ASN1Sequence parts, int i) {
        return BigIntegers.asUnsignedByteArray(32, ASN1Integer.getInstance(parts.getObjectAt(i)).getValue());
    }
}
