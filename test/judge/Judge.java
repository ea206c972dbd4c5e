import java.io.ByteArrayInputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

/** java Judge.java FOLDER: a line for every .der file that Java cannot read; "read N" at the end. */
class Judge {
  public static void main(String[] args) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    int read = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(args[0]), "*.der")) {
      for (Path file : files) {
        try {
          byte[] der = Files.readAllBytes(file);
          X509Certificate certificate = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der));
          certificate.getPublicKey().getEncoded();
          certificate.getSubjectX500Principal().getName();
          certificate.getExtendedKeyUsage();
          read++;
        } catch (Exception error) {
          System.out.println(file.getFileName() + ": " + error);
        }
      }
    }
    System.out.println("read " + read);
  }
}
