/** Key sizes, and the hash of the signature of a request. */
import type { ProfileRow } from './row.ts';

export const KEYS: readonly ProfileRow[] = [
  {
    title: 'RSA 1024: refused, and Intune is not asked',
    profile: { keyLength: 1024 },
    bits: 1024,
    refused: { failInfo: 'badAlg', code: 'algorithm_refused' },
  },
  {
    title: 'RSA 1024 where `legacy` and `minRsaBits` allow it',
    endpoint: 'old',
    profile: { keyLength: 1024 },
    bits: 1024,
    certificate: { openssl: { bits: 1024 }, pyca: { bits: 1024 } },
  },
  { title: 'RSA 2048', profile: { keyLength: 2048 }, certificate: {} },
  {
    title: 'RSA 3072',
    profile: { keyLength: 3072 },
    bits: 3072,
    certificate: { openssl: { bits: 3072 }, pyca: { bits: 3072 } },
  },
  {
    title: 'RSA 4096',
    profile: { keyLength: 4096 },
    bits: 4096,
    certificate: { openssl: { bits: 4096 }, pyca: { bits: 4096 } },
  },
  {
    title: 'another size than that of the profile',
    profile: { keyLength: 4096 },
    refused: { failInfo: 'badRequest', code: 'intune_denied', intuneCode: 'KeyLengthMismatch' },
  },
  {
    title:
      'SHA-1 in the signature of the request, which only proves possession: the certificate is signed with SHA-256',
    request: { digest: 'sha1' },
    certificate: {},
  },
  { title: 'SHA-256: the certificate is signed with SHA-256', request: { digest: 'sha256' }, certificate: {} },
  { title: 'SHA-384: the certificate is signed with SHA-256', request: { digest: 'sha384' }, certificate: {} },
  { title: 'SHA-512: the certificate is signed with SHA-256', request: { digest: 'sha512' }, certificate: {} },
];
