import static org.bouncycastle.asn1.x509.Extension.subjectAlternativeName;

import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.jscep.client.Client;
import org.jscep.client.EnrollmentResponse;
import org.jscep.client.inspect.DefaultCertStoreInspectorFactory;
import org.jscep.transaction.OperationFailureException;

/**
 * jscep on a command line: Jscep URL FOLDER OPERATION [ARGUMENT...]. What it gets it prints, certificates as PEM; its key
 * and certificate are in the folder. Ends with 2 when the server answers FAILURE, and then says the failInfo.
 */
public final class Jscep {
    private static final int POLL_MILLISECONDS = 250;
    private static final long DAY = 86_400_000L;

    private final Client client;
    private final Path keyFile;
    private final Path certificateFile;

    private Jscep(String url, Path folder) throws Exception {
        client = new Client(URI.create(url).toURL(), (X509Certificate ca) -> true);
        keyFile = folder.resolve("key.der");
        certificateFile = folder.resolve("certificate.pem");
    }

    public static void main(String[] arguments) throws Exception {
        var jscep = new Jscep(arguments[0], Path.of(arguments[1]));
        try {
            switch (arguments[2]) {
                case "capabilities" -> System.out.println(jscep.client.getCaCapabilities());
                case "certificates" -> jscep.certificates();
                case "enrol" -> jscep.enrol(arguments[3], arguments[4], arguments[5]);
                case "renew" -> jscep.renew(arguments[3]);
                case "get-cert" -> print(jscep.client.getCertificate(
                        jscep.certificate(), jscep.key(), new BigInteger(arguments[3], 16)));
                case "get-crl" -> jscep.crl();
                case "get-next-ca" -> print(jscep.client.getRolloverCertificate());
                default -> throw new IllegalArgumentException(arguments[2]);
            }
        } catch (OperationFailureException refusal) {
            refused(String.valueOf(refusal.getFailInfo()));
        }
    }

    /** The certificates, and which of them it takes for what. */
    private void certificates() throws Exception {
        var store = client.getCaCertificate();
        print(store);
        var chosen = new DefaultCertStoreInspectorFactory().getInstance(store);
        System.out.println("recipient: " + chosen.getRecipient().getSubjectX500Principal());
        System.out.println("signer: " + chosen.getSigner().getSubjectX500Principal());
        System.out.println("issuer: " + chosen.getIssuer().getSubjectX500Principal());
    }

    /** With a new key, whose self-signed certificate signs the request. */
    private void enrol(String subject, String dnsName, String challenge) throws Exception {
        var pair = newKey();
        var name = new X500Principal(subject);
        var request = requestFor(name, dnsName, pair)
                .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_challengePassword, new DERPrintableString(challenge));
        send(selfSigned(name, pair), pair.getPrivate(), request.build(signer(pair.getPrivate())), pair.getPrivate());
    }

    /** With another new key, signed by the certificate in the folder, which it replaces. */
    private void renew(String dnsName) throws Exception {
        var pair = newKey();
        var request = requestFor(certificate().getSubjectX500Principal(), dnsName, pair);
        send(certificate(), key(), request.build(signer(pair.getPrivate())), pair.getPrivate());
    }

    private static PKCS10CertificationRequestBuilder requestFor(X500Principal subject, String dnsName, KeyPair pair)
            throws Exception {
        var extensions = new ExtensionsGenerator();
        extensions.addExtension(
                subjectAlternativeName, false, new GeneralNames(new GeneralName(GeneralName.dNSName, dnsName)));
        return new JcaPKCS10CertificationRequestBuilder(subject, pair.getPublic())
                .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
    }

    /** Sends PKCSReq, then CertPoll for as long as the answer is PENDING. */
    private void send(X509Certificate identity, PrivateKey key, PKCS10CertificationRequest request, PrivateKey kept)
            throws Exception {
        EnrollmentResponse response = client.enrol(identity, key, request);
        while (response.isPending()) {
            Thread.sleep(POLL_MILLISECONDS);
            var subject = new X500Principal(request.getSubject().getEncoded());
            response = client.poll(identity, key, subject, response.getTransactionId());
        }
        if (response.isFailure()) refused(String.valueOf(response.getFailInfo()));
        var certificate = response.getCertStore().getCertificates(null).iterator().next();
        Files.write(keyFile, kept.getEncoded());
        Files.writeString(certificateFile, pem("CERTIFICATE", certificate.getEncoded()));
        print(response.getCertStore());
    }

    private void crl() throws Exception {
        var signer = certificate();
        var crl = client.getRevocationList(signer, key(), signer.getIssuerX500Principal(), signer.getSerialNumber());
        System.out.print(pem("X509 CRL", crl.getEncoded()));
    }

    private static void refused(String failInfo) {
        System.out.println("failInfo: " + failInfo);
        System.exit(2);
    }

    private static KeyPair newKey() throws Exception {
        var generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    private static ContentSigner signer(PrivateKey key) throws Exception {
        return new JcaContentSignerBuilder("SHA256withRSA").build(key);
    }

    private static X509Certificate selfSigned(X500Principal name, KeyPair pair) throws Exception {
        var now = System.currentTimeMillis();
        var holder = new JcaX509v3CertificateBuilder(
                        name, BigInteger.ONE, new Date(now - DAY), new Date(now + DAY), name, pair.getPublic())
                .build(signer(pair.getPrivate()));
        return new JcaX509CertificateConverter().getCertificate(holder);
    }

    private X509Certificate certificate() throws Exception {
        try (var in = Files.newInputStream(certificateFile)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private PrivateKey key() throws Exception {
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(keyFile)));
    }

    private static void print(CertStore store) throws Exception {
        for (Certificate certificate : store.getCertificates(null))
            System.out.print(pem("CERTIFICATE", certificate.getEncoded()));
    }

    private static String pem(String label, byte[] der) {
        var lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + lines + "\n-----END " + label + "-----\n";
    }
}
