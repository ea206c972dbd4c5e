/** A key for a person, from the names to the finished file. Between the two steps an issuer makes the certificate. */
import type { RandomBytes } from '../core/environment.ts';
import type { Issued } from '../core/issuer.ts';
import type { CertificationRequest } from '../core/request.ts';
import type { SoftwareKey } from '../keys/software.ts';
import { makeUserKey, privateKeyOctets, type UserKeyKind } from '../keys/user-key.ts';
import { readCertificate, readValidity, thumbprint } from '../pkix/certificate.ts';
import { sameName } from '../pkix/name.ts';
import { type AltNameTemplate, renderAltNames } from './alt-name-template.ts';
import { type PaddingScheme, sealPfxPassword } from './connector-envelope.ts';
import type { ConnectorKey } from './connector-key.ts';
import type { Escrow } from './escrow-text.ts';
import { sealEscrow } from './escrow.ts';
import { type PfxProfileName, writePkcs12 } from './pkcs12-writer.ts';
import { newPfxPassword } from './pfx-password.ts';
import type { RecoveryOfficer } from './recovery-officer.ts';
import { renderSubject, type SubjectTemplate } from './subject-template.ts';
import type { TemplateRules, TemplateUser } from './template-variables.ts';
import { type UserNames, userRequest } from './user-request.ts';

/** What a key is for: a key for signing is never in escrow, because nobody but its owner may sign. */
export type UserPurpose = 'smimeEncryption' | 'smimeSigning';

/** How keys of people are made, as it is configured. Without `connector` no password is encrypted for Intune, without `escrow` nothing is kept. */
export type UserPfxPlan = {
  key: UserKeyKind;
  subject: SubjectTemplate;
  altNames: readonly AltNameTemplate[];
  rules: TemplateRules;
  profile: PfxProfileName;
  connector?: { key: ConnectorKey; scheme: PaddingScheme };
  escrow?: { officers: readonly RecoveryOfficer[]; required: number };
};

/** A key and the request for its certificate. The key is in the memory of this process and nowhere else. */
export type StartedPfx = { key: SoftwareKey; csr: CertificationRequest };

/** The names that a certificate of this user would have. Throws TemplateError when one cannot be made. */
export const userNames = (
  user: TemplateUser,
  plan: Pick<UserPfxPlan, 'subject' | 'altNames' | 'rules'>,
): UserNames => ({
  subject: renderSubject(plan.subject, { user }, plan.rules),
  altNames: renderAltNames(plan.altNames, { user }, plan.rules),
});

/** Makes the key and the request. Throws TemplateError, before a key is made, when a name cannot be made for the user. */
export async function startUserPfx(user: TemplateUser, plan: UserPfxPlan, signal?: AbortSignal): Promise<StartedPfx> {
  const names = userNames(user, plan);
  const key = await makeUserKey(plan.key, signal);
  return { key, csr: await userRequest(key, names) };
}

/** A finished file. `password` is a secret, and neither it nor `file` may be in a log or the store. */
export type FinishedPfx = {
  file: Uint8Array;
  password: string;
  /** `encryptedPfxPassword` of Microsoft Graph; undefined without a connector. */
  sealedPassword: string | undefined;
  certificate: Uint8Array;
  /** SHA-1 of the certificate, lower-case hexadecimal, as Graph has it. */
  thumbprint: string;
  starts: Date;
  ends: Date;
  /** Of a key for encryption, where it is configured. */
  escrow: Escrow | undefined;
};

/** `friendlyName`: how programs name the entry, such as the principal name and the purpose. */
export type FinishOptions = { purpose: UserPurpose; friendlyName: string; random: RandomBytes };

/**
 * The file of a key whose certificate was issued, with the chain but no root. Throws RangeError when the certificate is for another key, and for a
 * friendlyName that a BMPString cannot hold.
 */
export function finishUserPfx(
  { key }: StartedPfx,
  { certificate, chain }: Pick<Issued, 'certificate' | 'chain'>,
  plan: UserPfxPlan,
  { purpose, friendlyName, random }: FinishOptions,
): FinishedPfx {
  const password = newPfxPassword(random);
  const octets = privateKeyOctets(key);
  const content = { key: octets, certificate, chain: chain.filter((der) => !isRoot(der)), friendlyName };
  const file = writePkcs12(content, { profile: plan.profile, password, random });
  octets.fill(0);
  const { notBefore, notAfter } = readValidity(readCertificate(certificate));
  return {
    file,
    password,
    sealedPassword: plan.connector && sealPfxPassword(plan.connector.key, password, plan.connector.scheme),
    certificate,
    thumbprint: thumbprint(certificate).toLowerCase(),
    starts: notBefore,
    ends: notAfter,
    escrow:
      plan.escrow && purpose === 'smimeEncryption'
        ? sealEscrow({ file, password }, { ...plan.escrow, certificate, random })
        : undefined,
  };
}

function isRoot(der: Uint8Array): boolean {
  const { subject, issuer } = readCertificate(der);
  return sameName(subject, issuer);
}
