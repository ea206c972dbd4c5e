import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;

/** java Corpus.java FOLDER: a line for every certificate and list of the corpus that Java cannot verify; "read N" at the end. */
class Corpus {
  static CertificateFactory factory;
  static int read = 0;

  interface Judge {
    void judge(byte[] der) throws Exception;
  }

  static X509Certificate certificate(byte[] der) throws Exception {
    return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der));
  }

  static void all(Path folder, Judge judge) throws Exception {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.der")) {
      for (Path file : files) {
        try {
          judge.judge(Files.readAllBytes(file));
          read++;
        } catch (Exception error) {
          System.out.println(file + ": " + error);
        }
      }
    }
  }

  static void authority(Path folder) throws Exception {
    X509Certificate root = certificate(Files.readAllBytes(folder.resolve("root.der")));
    X509Certificate issuing = certificate(Files.readAllBytes(folder.resolve("issuing.der")));
    PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
    parameters.setRevocationEnabled(false);
    CertPathValidator validator = CertPathValidator.getInstance("PKIX");
    all(folder.resolve("leaf"), der -> {
      CertPath path = factory.generateCertPath(List.of(certificate(der), issuing));
      validator.validate(path, parameters);
    });
    all(folder.resolve("crl"), der -> {
      X509CRL list = (X509CRL) factory.generateCRL(new ByteArrayInputStream(der));
      boolean ofRoot = list.getIssuerX500Principal().equals(root.getSubjectX500Principal());
      list.verify((ofRoot ? root : issuing).getPublicKey());
      list.getRevokedCertificates();
    });
  }

  public static void main(String[] args) throws Exception {
    factory = CertificateFactory.getInstance("X.509");
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(Path.of(args[0]))) {
      for (Path folder : folders) authority(folder);
    }
    System.out.println("read " + read);
  }
}
