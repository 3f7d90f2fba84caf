import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.PKIXRevocationChecker.Option;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Scanner;
import java.util.Set;

/**
 * Validates paths with PKIX and with the revocation status that the certificates lead to: java
 * Addresses.java
 *
 * Each line of standard input is "SECONDS KIND ROOT CERTIFICATE...": the time in UNIX seconds, the
 * kind, the file of the trust anchor, and the files of the path, the server first. The kinds are
 * "default" for OCSP and then CRLs, "crl" for CRLs only, and "build" to look for the other
 * certificates of the path as well. For each line it prints a line: "valid", or "invalid", the
 * reason and the index of the certificate.
 */
class Addresses {
    public static void main(String[] args) throws Exception {
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); ) {
            System.out.println(validate(lines.nextLine().split(" ")));
        }
    }

    static String validate(String[] words) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> path = new ArrayList<>();
        for (int i = 2; i < words.length; i++) {
            try (InputStream in = Files.newInputStream(Path.of(words[i]))) {
                path.add((X509Certificate) factory.generateCertificate(in));
            }
        }
        TrustAnchor anchor = new TrustAnchor(path.remove(0), null);
        X509CertSelector server = new X509CertSelector();
        server.setCertificate(path.get(0));
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(Set.of(anchor), server);
        parameters.setDate(new Date(Long.parseLong(words[0]) * 1000));
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        if (words[1].equals("crl")) {
            checker.setOptions(EnumSet.of(Option.PREFER_CRLS, Option.NO_FALLBACK));
        }
        parameters.addCertPathChecker(checker);
        try {
            if (words[1].equals("build")) {
                CertPathBuilder.getInstance("PKIX").build(parameters);
            } else {
                validator.validate(factory.generateCertPath(path), parameters);
            }
        } catch (CertPathValidatorException e) {
            return say(e);
        } catch (CertPathBuilderException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof CertPathValidatorException) {
                    return say((CertPathValidatorException) cause);
                }
            }
            return "invalid: " + e.getMessage();
        }
        return "valid";
    }

    static String say(CertPathValidatorException e) {
        return "invalid: certificate " + e.getIndex() + ": " + e.getReason() + ": " + e.getMessage();
    }
}
