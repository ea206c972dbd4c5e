import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;

/**
 * Reads answers of a SCEP server with BouncyCastle alone. `certificates FILE` prints how many certificates are in an
 * answer to GetCACert; `message FILE RA CLIENT KEY` verifies a CertRep and prints its content, or how many certificates
 * are in it.
 */
public final class Reader {
    public static void main(String[] arguments) throws Exception {
        var signed = new CMSSignedData(Files.readAllBytes(Path.of(arguments[1])));
        if (arguments[0].equals("certificates")) {
            System.out.println("certificates " + count(signed));
            return;
        }
        var verifier = new JcaSimpleSignerInfoVerifierBuilder().build(certificate(arguments[2]));
        if (!signed.getSignerInfos().iterator().next().verify(verifier)) throw new Exception("the RA did not sign");
        var content = (byte[]) signed.getSignedContent().getContent();
        if (content.length < 2) {
            System.out.println("content " + HexFormat.of().formatHex(content));
            return;
        }
        var lines = Files.readString(Path.of(arguments[4])).replaceAll("-----[^-]+-----|\\s", "");
        var key = KeyFactory.getInstance("RSA")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(lines)));
        var recipient = new CMSEnvelopedData(content).getRecipientInfos().iterator().next();
        var inside = recipient.getContent(new JceKeyTransEnvelopedRecipient(key));
        System.out.println("certificates " + count(new CMSSignedData(inside)));
    }

    private static int count(CMSSignedData signed) {
        return signed.getCertificates().getMatches(null).size();
    }

    private static X509Certificate certificate(String file) throws Exception {
        try (var in = Files.newInputStream(Path.of(file))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }
}
