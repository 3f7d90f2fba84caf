import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.PKIXRevocationChecker.Option;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.Set;

/**
 * Validates server certificates with PKIX and revocation: java Revocation.java
 *
 * Each line of standard input is "SECONDS KIND FILE ROOT CA SERVER": the time in UNIX seconds,
 * "crl" or "ocsp", the file of the CRL or OCSP response (DER), and the files of the path. For each
 * it prints a line: "valid", or "invalid" and the reason.
 */
class Revocation {
    static CertificateFactory factory;

    public static void main(String[] args) throws Exception {
        factory = CertificateFactory.getInstance("X.509");
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); ) {
            System.out.println(validate(lines.nextLine().split(" ")));
        }
    }

    static String validate(String[] words) throws Exception {
        byte[] status = Files.readAllBytes(Path.of(words[2]));
        X509Certificate root = read(words[3]), ca = read(words[4]), server = read(words[5]);
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.setDate(new Date(Long.parseLong(words[0]) * 1000));
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        EnumSet<Option> options = EnumSet.of(Option.ONLY_END_ENTITY, Option.NO_FALLBACK);
        if (words[1].equals("crl")) {
            options.add(Option.PREFER_CRLS);
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(
                    List.of(factory.generateCRL(new ByteArrayInputStream(status))))));
        } else {
            checker.setOcspResponses(Map.of(server, status));
        }
        checker.setOptions(options);
        parameters.addCertPathChecker(checker);
        try {
            validator.validate(factory.generateCertPath(List.of(server, ca)), parameters);
        } catch (CertPathValidatorException e) {
            return "invalid: " + e.getReason() + ": " + e.getMessage();
        }
        return "valid";
    }

    static X509Certificate read(String file) throws Exception {
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            return (X509Certificate) factory.generateCertificate(in);
        }
    }
}
