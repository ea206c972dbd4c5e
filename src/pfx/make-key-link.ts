/** Makes links to files with keys of people: of a key that is made now, or of a file that somebody brings. */
import { MINUTE } from '../core/durations.ts';
import type { KeyLinkFacts, KeyLinkStore } from '../core/key-link-store.ts';
import type { AuditActor, AuditSource } from '../core/records.ts';
import type { BroughtPfx } from './brought-pfx.ts';
import { escrowText } from './escrow-text.ts';
import { newLinkToken, sealLinkedFile } from './key-link.ts';
import type { TemplateUser } from './template-variables.ts';
import { type CertifiedUserKey, transactionOfKey, type UserKeyServices } from './user-key-services.ts';
import { finishUserPfx, type FinishedPfx, startUserPfx, type UserPurpose } from './user-pfx.ts';

/** Milliseconds that a file waits. */
export const LINK_LIFE = 10 * MINUTE;

/** Who makes a link, and where the files wait. */
export type LinkMaker = Pick<UserKeyServices, 'clock' | 'random'> & {
  store: KeyLinkStore;
  actor: AuditActor;
  source: AuditSource;
};

/** A link. `token` is a secret. */
export type MadeLink = { token: string; until: Date };

/** A link to a key that was made for it. `password` opens the file, and is a secret too. */
export type MadeKeyLink = MadeLink & { password: string; certified: CertifiedUserKey; id: string };

/** For whom: `userPrincipalName` of Microsoft Graph, and what the templates ask for. */
export type LinkedUser = TemplateUser & { userPrincipalName: string };

/** Who makes keys for links. `endpoint`: under whose name the certificates are recorded. */
export type KeyMaker = LinkMaker &
  Pick<UserKeyServices, 'plan' | 'certify' | 'revoke' | 'store'> & { endpoint: string };

/**
 * Makes a key, has it certified, and lets the file wait. When it cannot wait, the certificate is revoked: nobody has the key. Throws TemplateError,
 * before a key is made, when a name cannot be made for the user; what `certify` throws, and what the store throws.
 */
export async function makeKeyLink(
  { user, purpose }: { user: LinkedUser; purpose: UserPurpose },
  services: KeyMaker,
  signal: AbortSignal,
): Promise<MadeKeyLink> {
  const { plan, certify, random, revoke } = services;
  const id = Buffer.from(random(16)).toString('hex');
  const transactionId = transactionOfKey({ id });
  const started = await startUserPfx(user, plan, signal);
  const certified = await certify(started.csr, transactionId, signal);
  try {
    const word = PURPOSES[purpose];
    const friendlyName = `${user.userPrincipalName} ${word}`;
    const finished = finishUserPfx(started, certified, plan, { purpose, friendlyName, random });
    await noted({ id, user, purpose }, { certified, finished }, services);
    const detail = `for ${user.userPrincipalName}, ${word}`;
    const facts = { endpoint: services.endpoint, transactionId, ...certified.id, detail };
    const name = fileName(`${user.userPrincipalName.split('@', 1)[0]}-${word}`);
    const link = await waiting({ name, file: finished.file }, facts, services);
    return { ...link, password: finished.password, certified, id };
  } catch (error) {
    await revoke(certified.id, 'cessationOfOperation', 'the key of this certificate was given to nobody');
    throw error;
  }
}

const PURPOSES = { smimeEncryption: 'encryption', smimeSigning: 'signing' } as const;

/** The row by which the key is listed, and its escrow found. No tenant has it. */
async function noted(
  { id, user, purpose }: { id: string; user: LinkedUser; purpose: UserPurpose },
  { certified, finished }: { certified: CertifiedUserKey; finished: FinishedPfx },
  { store, clock }: Pick<UserKeyServices, 'store' | 'clock'>,
): Promise<void> {
  const { thumbprint, starts, ends, escrow } = finished;
  const at = clock();
  await store.addUserKey({
    id,
    tenant: '',
    userPrincipalName: user.userPrincipalName,
    purpose,
    origin: 'made',
    state: 'linked',
    at,
    dueAt: at,
    certificate: certified.id,
    thumbprint,
    starts,
    ends,
    ...(escrow && { escrow: escrowText(escrow) }),
  });
}

/** Lets a file wait that somebody brings, as it is. `name`: of the file; `userPrincipalName`: for the history. */
export function linkBroughtFile(
  { file, thumbprint }: Pick<BroughtPfx, 'file' | 'thumbprint'>,
  { name, userPrincipalName }: { name: string; userPrincipalName: string },
  maker: LinkMaker,
): Promise<MadeLink> {
  const detail = `for ${userPrincipalName}, a file with the certificate ${thumbprint}`;
  return waiting({ name: fileName(name.replace(/\.(p12|pfx)$/i, '')), file }, { ...NOWHERE, detail }, maker);
}

const NOWHERE = { endpoint: '', transactionId: '' };

async function waiting(
  named: { name: string; file: Uint8Array },
  facts: KeyLinkFacts,
  { store, clock, random, actor, source }: LinkMaker,
): Promise<MadeLink> {
  const token = newLinkToken(random);
  const link = { ...sealLinkedFile(named, token, random), facts };
  return { token, until: await store.addKeyLink(link, LINK_LIFE, { at: clock(), actor, source }) };
}

/** In the characters that every header and file system takes. */
const fileName = (text: string): string => `${text.replace(/[^\w.-]+/g, '_').slice(0, 80)}.p12`;

/** Where a link leads. `base`: `pfx.links`. The token is in the fragment, which no program sends to a server or writes into its log. */
export const linkUrl = (base: string, token: string): string => `${base}/pfx/#${token}`;
