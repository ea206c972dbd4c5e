/** Revocations that an enterprise CA of Windows has to be told in another way. */
import type { IssuerError } from '../../core/errors.ts';
import { backendFault } from '../backend-fault.ts';

/** Success would be a lie, so it is tried again and reported until it is done. `way`: what cannot revoke. */
export const owedRevocation = (serial: string, way: string): IssuerError =>
  backendFault(
    'misconfigured',
    `the revocation of ${serial} is owed: ${way} of AD CS cannot revoke. Revoke it at the CA: \`certutil -revoke ${serial} REASON\``,
  );
