import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.SecureRandom;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Scanner;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;

/**
 * Encrypts and decrypts PKCS #8 keys: java EncryptedKey.java PASSWORD
 *
 * Each line of standard input is "ALGORITHM FILE", the file in PEM. With a name such as
 * PBEWithHmacSHA256AndAES_256 it encrypts the key, with RSA or EC it decrypts and loads
 * the key. For each it prints the result in base64, or "wrong" if it cannot decrypt the key.
 */
class EncryptedKey {
    public static void main(String[] args) throws Exception {
        char[] password = args[0].toCharArray();
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); ) {
            String[] words = lines.nextLine().split(" ");
            byte[] der = Base64.getMimeDecoder().decode(
                Files.readString(Path.of(words[1])).replaceAll("-----[^-]*-----", ""));
            byte[] result = words[0].startsWith("PBE") ? encrypt(words[0], password, der) : decrypt(words[0], password, der);
            System.out.println(result == null ? "wrong" : Base64.getEncoder().encodeToString(result));
        }
    }

    static byte[] encrypt(String algorithm, char[] password, byte[] der) throws Exception {
        byte[] salt = new byte[16];
        new SecureRandom().nextBytes(salt);
        SecretKey key = SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(password));
        Cipher cipher = Cipher.getInstance(algorithm);
        cipher.init(Cipher.ENCRYPT_MODE, key, new PBEParameterSpec(salt, 10000));
        // EncryptedPrivateKeyInfo does not know the names of the combinations (JDK 17).
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("PBES2");
        parameters.init(cipher.getParameters().getEncoded());
        return new EncryptedPrivateKeyInfo(parameters, cipher.doFinal(der)).getEncoded();
    }

    static byte[] decrypt(String algorithm, char[] password, byte[] der) throws Exception {
        EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
        String scheme = info.getAlgParameters().toString(); // PBEWithHmacSHA256AndAES_256
        SecretKey key = SecretKeyFactory.getInstance(scheme).generateSecret(new PBEKeySpec(password));
        Cipher cipher = Cipher.getInstance(scheme);
        cipher.init(Cipher.DECRYPT_MODE, key, info.getAlgParameters());
        PKCS8EncodedKeySpec content;
        try {
            content = info.getKeySpec(cipher);
        } catch (java.security.spec.InvalidKeySpecException e) {
            return null;
        }
        return KeyFactory.getInstance(algorithm).generatePrivate(content).getEncoded();
    }
}
