/** A fake of OpenBao for the wiring: it certifies by the CA `issuing` as a role would, and keeps what it was sent. */
import { extendedKeyUsage, findExtension, keyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { type Asked, csrOf, fakeCaServer, signedByIssuing, tls, trustOnly } from './fake-ca-server.ts';
import { certificateFile, file, issuing, issuingSection, root } from './files.ts';

/** By the subject of the request: path, namespace, token and way. A token says how it was got. */
export const openBaoGot = new Map<string, readonly unknown[]>();

async function answered({ path, headers, body, client, how }: Asked): Promise<object> {
  if (path.endsWith('/login'))
    return { auth: { client_token: `${path} ${JSON.stringify(body)} ${client}`, lease_duration: 3600 } };
  const { csr: pem, common_name, ttl } = body as { csr: string; common_name: string; ttl: string };
  const csr = csrOf(pem);
  openBaoGot.set(csr.subjectText, [path, headers['x-vault-namespace'], headers['x-vault-token'], how]);
  const san = findExtension(csr.extensions, OID.subjectAltName);
  const certificate = await signedByIssuing(
    csr.spki,
    nameFromText(`CN=${common_name}${path.endsWith('/appending') ? ',O=Wiring' : ''}`),
    new Date(Date.now() + parseInt(ttl, 10) * 1000),
    [keyUsage(['digitalSignature', 'keyEncipherment']), extendedKeyUsage(['1.3.6.1.5.5.7.3.2']), ...(san ? [san] : [])],
  );
  return { data: { certificate: certificatePem(certificate), ca_chain: [certificatePem(issuing.certificate)] } };
}

const { url, proxy } = await fakeCaServer(200, answered);
const { certificate, key: clientKey } = await tls.issue('CN=openndes-client');
const clientCertificate = file('bao-client.pem', certificate);

const authority = (openBao: object) => ({
  certificate: issuingSection.certificate,
  chain: certificateFile('issuing/above-bao.pem', root),
  ra: issuingSection.ra,
  issuer: { openBao: { url, trustOnly, ...openBao } },
});

/** Three authorities whose CA it is, each with another login. */
export const openBaoAuthorities = {
  'bao-token': authority({ role: 'appending', appends: 'O=Wiring', token: 'the-token', namespace: 'team', proxy }),
  'bao-role': authority({
    role: 'fleet',
    mount: 'pki/int',
    appRole: { roleId: 'id', secretId: 'secret', mount: 'app' },
  }),
  'bao-certificate': authority({
    role: 'fleet',
    clientCertificate,
    clientKey,
    certificateLogin: { name: 'devices', mount: 'tls' },
  }),
};
