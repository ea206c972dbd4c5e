/** The ends of certificates, client secrets and revocation lists under the names of x509-certificate-exporter. */
import type { Watched } from '../core/watched.ts';
import type { Labels } from '../metrics/metric-table.ts';
import { flag, type Sample, unixTime } from '../metrics/samples.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';

/** The common name in a name of RFC 4514 form; all of it where there is none. */
export function commonNameIn(name: string): string {
  const found = /(?:^|,)CN=(?<cn>(?:\\.|[^,\\])*)/i.exec(name)?.groups?.['cn'];
  return found === undefined ? name : found.replace(/\\(.)/g, '$1');
}

/** Each as it is at `now`. */
export const watchedSamples = (all: readonly Watched[], now: Date): Sample[] =>
  all.flatMap((each) => (each.isList ? aboveList(each) : certificate(each, now)));

function certificate({ what, subject, issuer, serial, validity }: Watched, now: Date): Sample[] {
  const labels = {
    ...placed(what),
    subject_CN: commonNameIn(subject),
    issuer_CN: issuer === undefined ? '' : commonNameIn(issuer),
    serial_number: serial === undefined ? '' : BigInt(`0x${serial}`).toString(),
  };
  const { notBefore, notAfter } = validity;
  return [
    ...(notBefore ? [{ name: 'x509_cert_not_before', labels, value: unixTime(notBefore) } as const] : []),
    { name: 'x509_cert_not_after', labels, value: unixTime(notAfter) },
    { name: 'x509_cert_expired', labels, value: flag(now > notAfter) },
  ];
}

const aboveList = ({ what, subject, validity: { notBefore, notAfter } }: Watched): Sample[] => {
  const labels = { ...placed(what), issuer_CN: commonNameIn(subject) };
  return [
    ...(notBefore ? [{ name: 'x509_crl_this_update', labels, value: unixTime(notBefore) } as const] : []),
    { name: 'x509_crl_next_update', labels, value: unixTime(notAfter) },
  ];
};

/** What it is in place of the file that the exporter of that name reads. */
const placed = (what: string): Labels => ({ filename: what, filepath: what });

/** The list of this name, `issuing` or `issuing/3`, signed by this CA, DER. Nothing before the first list. */
export function listSamples(name: string, list: RevocationList, ca: Uint8Array | undefined): Sample[] {
  const [of = name, number = ''] = name.split('/');
  const shard = { ca: of, shard: number };
  const failing: Sample = { name: 'openndes_crl_failing', labels: shard, value: flag(list.failure?.() !== undefined) };
  const latest = list.latest?.();
  if (!latest) return list.latest ? [failing] : [];
  const issuer_CN = ca ? commonNameIn(nameText(readCertificate(ca).subject)) : '';
  const labels = { ...placed(`/crl/${name}.crl`), issuer_CN };
  return [
    failing,
    { name: 'openndes_crl_size_bytes', labels: shard, value: latest.octets },
    { name: 'openndes_crl_entries', labels: shard, value: latest.entries },
    { name: 'openndes_crl_generated_total', labels: shard, value: latest.made },
    { name: 'x509_crl_this_update', labels, value: unixTime(latest.thisUpdate) },
    { name: 'x509_crl_next_update', labels, value: unixTime(latest.nextUpdate) },
    { name: 'x509_crl_number', labels, value: latest.number },
  ];
}
