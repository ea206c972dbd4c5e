/** What certsrv is sent for a certificate: the form of its page for a request that was made elsewhere. */
import { ConfigError } from '../../core/errors.ts';
import type { CertificationRequest } from '../../core/request.ts';
import { requestPem } from '../../pkix/pem.ts';
import type { BackendCall } from '../backend-call.ts';

/** It looks at the name of the browser. */
const BROWSER = 'Mozilla/5.0 (compatible; openndes)';

/**
 * The form. Its attributes are these two, one a line; names are never among them, because they stand in the request that the device signed.
 */
export function orderForm(csr: CertificationRequest, template: string, end: Date | undefined): Partial<BackendCall> {
  const attributes = [`CertificateTemplate:${template}`, ...(end ? [`ExpirationDate:${end.toUTCString()}`] : [])];
  const form = new URLSearchParams({
    Mode: 'newreq',
    CertRequest: requestPem(csr.der),
    CertAttrib: attributes.map((line) => `${line}\r\n`).join(''),
    FriendlyType: 'Saved-Request Certificate',
    ThumbPrint: '',
    TargetStoreFlags: '0',
    SaveCert: 'yes',
  });
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': BROWSER },
    body: form.toString(),
  };
}

/** Throws ConfigError for a template with a control character: a line of its own would be another attribute. */
export function assertTemplate(template: string): void {
  if (/^[^\p{Cc}\u2028\u2029]+$/u.test(template)) return;
  throw new ConfigError(
    'template: a line break or another control character',
    'Write the name of the template, in one line.',
  );
}
