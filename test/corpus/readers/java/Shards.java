import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CRL;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** java Shards.java ROOT ISSUING LEAF LIST: "valid", or why Java does not take the leaf with this list, all DER. */
class Shards {
  public static void main(String[] args) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    X509Certificate[] chain = new X509Certificate[3];
    for (int i = 0; i < 3; i++)
      chain[i] = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(args[i]))));
    CRL list = factory.generateCRL(new ByteArrayInputStream(Files.readAllBytes(Path.of(args[3]))));
    PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(chain[0], null)));
    parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(List.of(list))));
    CertPathValidator validator = CertPathValidator.getInstance("PKIX");
    PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
    checker.setOptions(
        EnumSet.of(
            PKIXRevocationChecker.Option.ONLY_END_ENTITY,
            PKIXRevocationChecker.Option.PREFER_CRLS,
            PKIXRevocationChecker.Option.NO_FALLBACK));
    parameters.addCertPathChecker(checker);
    CertPath path = factory.generateCertPath(List.of(chain[2], chain[1]));
    try {
      validator.validate(path, parameters);
      System.out.println("valid");
    } catch (CertPathValidatorException refused) {
      System.out.println(refused.getReason());
    }
  }
}
