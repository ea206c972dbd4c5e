import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Security;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Date;
import java.util.HexFormat;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.Recipient;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKEMEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKEMRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JcePasswordEnvelopedRecipient;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.ContentVerifierProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Does each task of the file that its argument names, one in a line of words, and prints one line for each: `ok` and a result, or the fault. */
public final class PostQuantum {
  private static final String BC = "BC";

  public static void main(String[] arguments) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    PrintStream out = System.out;
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      String[] words = line.split(" ");
      try {
        out.println("ok " + task(words));
      } catch (Exception fault) {
        out.println("fault " + line + ": " + fault);
      }
    }
  }

  private static String task(String[] words) throws Exception {
    return switch (words[0]) {
      case "certificate" -> certificate(words[1], words[2]);
      case "list" -> list(words[1], words[2]);
      case "signed" -> signed(words[1]);
      case "kem" -> content(words[1], new JceKEMEnvelopedRecipient(privateKey("ML-KEM", words[2])).setProvider(BC));
      case "password" -> content(words[1], new JcePasswordEnvelopedRecipient(words[2].toCharArray()).setProvider(BC));
      case "make-request" -> makeRequest(words[1], words[2]);
      case "make-signed" -> makeSigned(words[1], words[2]);
      case "make-kem" -> makeKem(words[1], words[2], words.length > 3);
      default -> throw new IllegalArgumentException(words[0]);
    };
  }

  private static byte[] octets(String file) throws Exception {
    return Files.readAllBytes(Path.of(file));
  }

  private static ContentVerifierProvider verifier(String issuer) throws Exception {
    return new JcaContentVerifierProviderBuilder().setProvider(BC).build(new X509CertificateHolder(octets(issuer)));
  }

  private static void check(boolean valid) {
    if (!valid) throw new IllegalStateException("the signature is wrong");
  }

  private static String certificate(String file, String issuer) throws Exception {
    X509CertificateHolder certificate = new X509CertificateHolder(octets(file));
    check(certificate.isSignatureValid(verifier(issuer)));
    return new JcaX509CertificateConverter().setProvider(BC).getCertificate(certificate).getPublicKey().getAlgorithm();
  }

  private static String list(String file, String issuer) throws Exception {
    X509CRLHolder list = new X509CRLHolder(octets(file));
    check(list.isSignatureValid(verifier(issuer)));
    return String.valueOf(list.getRevokedCertificates().size());
  }

  private static String signed(String file) throws Exception {
    CMSSignedData data = new CMSSignedData(octets(file));
    SignerInformation signer = data.getSignerInfos().getSigners().iterator().next();
    X509CertificateHolder certificate =
        (X509CertificateHolder) data.getCertificates().getMatches(signer.getSID()).iterator().next();
    check(signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider(BC).build(certificate)));
    return new String((byte[]) data.getSignedContent().getContent());
  }

  private static String content(String file, Recipient recipient) throws Exception {
    CMSEnvelopedData data = new CMSEnvelopedData(octets(file));
    return new String(data.getRecipientInfos().getRecipients().iterator().next().getContent(recipient));
  }

  private static PrivateKey privateKey(String algorithm, String file) throws Exception {
    return KeyFactory.getInstance(algorithm, BC).generatePrivate(new PKCS8EncodedKeySpec(octets(file)));
  }

  private static KeyPair keyPair(String algorithm) throws Exception {
    return KeyPairGenerator.getInstance(algorithm, BC).generateKeyPair();
  }

  private static ContentSigner signer(String algorithm, KeyPair pair) throws Exception {
    return new JcaContentSignerBuilder(algorithm).setProvider(BC).build(pair.getPrivate());
  }

  private static String makeRequest(String algorithm, String file) throws Exception {
    KeyPair pair = keyPair(algorithm);
    JcaPKCS10CertificationRequestBuilder request =
        new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=bouncy"), pair.getPublic());
    Files.write(Path.of(file), request.build(signer(algorithm, pair)).getEncoded());
    return file;
  }

  private static String makeSigned(String algorithm, String file) throws Exception {
    KeyPair pair = keyPair(algorithm);
    X500Name name = new X500Name("CN=bouncy");
    long now = System.currentTimeMillis();
    X509CertificateHolder certificate =
        new JcaX509v3CertificateBuilder(name, BigInteger.ONE, new Date(now - 60_000), new Date(now + 3_600_000), name, pair.getPublic())
            .build(signer(algorithm, pair));
    CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
    generator.addSignerInfoGenerator(
        new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().setProvider(BC).build())
            .build(signer(algorithm, pair), certificate));
    generator.addCertificate(certificate);
    Files.write(Path.of(file), generator.generate(new CMSProcessableByteArray("from bouncy".getBytes()), true).getEncoded("DER"));
    return file;
  }

  private static String makeKem(String recipient, String file, boolean material) throws Exception {
    JceKEMRecipientInfoGenerator info =
        new JceKEMRecipientInfoGenerator(
            new JcaX509CertificateConverter().setProvider(BC).getCertificate(new X509CertificateHolder(octets(recipient))),
            NISTObjectIdentifiers.id_aes256_wrap);
    info.setKDF(new AlgorithmIdentifier(PKCSObjectIdentifiers.id_alg_hkdf_with_sha256)).setProvider(BC);
    if (material) info.setUserKeyingMaterial(HexFormat.of().parseHex("00112233"));
    CMSEnvelopedDataGenerator generator = new CMSEnvelopedDataGenerator();
    generator.addRecipientInfoGenerator(info);
    CMSEnvelopedData data =
        generator.generate(
            new CMSProcessableByteArray("from bouncy".getBytes()),
            new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC).setProvider(BC).build());
    Files.write(Path.of(file), data.getEncoded());
    return file;
  }
}
