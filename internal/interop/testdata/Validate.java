import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Scanner;
import java.util.Set;

/**
 * Validates certificate paths with PKIX, without revocation: java Validate.java
 *
 * Each line of standard input is "SECONDS ROOT CERTIFICATE...": the time in UNIX seconds, the
 * file of the trust anchor, and the files of the path, the server first. For each it prints a
 * line: "valid" and the alternative names, or "invalid" and the reason.
 */
class Validate {
    public static void main(String[] args) throws Exception {
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); ) {
            System.out.println(validate(lines.nextLine().split(" ")));
        }
    }

    static String validate(String[] words) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> path = new ArrayList<>();
        for (int i = 1; i < words.length; i++) {
            try (InputStream in = Files.newInputStream(Path.of(words[i]))) {
                path.add((X509Certificate) factory.generateCertificate(in));
            }
        }
        X509Certificate root = path.remove(0);
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.setRevocationEnabled(false);
        parameters.setDate(new Date(Long.parseLong(words[0]) * 1000));
        try {
            CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(path), parameters);
        } catch (CertPathValidatorException e) {
            return "invalid: " + e.getReason() + ": " + e.getMessage();
        }
        return "valid: " + path.get(0).getSubjectAlternativeNames();
    }
}
