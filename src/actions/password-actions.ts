/** One-time passwords: where they are, and a new one. */
import { z } from 'zod';
import { bindingOf, BindingError } from '../manage/challenge-binding.ts';
import { type ChallengeIssuer, type IssuedChallenge, issuerFor, passwordEntry } from '../manage/one-time-passwords.ts';
import { action, type Running } from './action.ts';
import { ActionError } from './action-error.ts';
import { isAt } from './placed-endpoints.ts';
import { byCaller } from './told-revocations.ts';
import { ofServer } from './seen-places.ts';

const TEXT = z.string().min(1).max(1_000);

/** `path`: that of the URL of the endpoint. */
const place = z.object({ endpoint: z.string(), path: z.string().optional() });

/** Actions on one-time passwords. */
export const PASSWORD_ACTIONS = [
  action({
    name: 'passwords.endpoints',
    about: 'The endpoints whose policy accepts one-time passwords.',
    permission: 'view',
    route: 'GET /passwords/endpoints',
    input: z.object({}),
    output: z.object({ endpoints: z.array(place) }),
    run: async (running) => ({
      endpoints: issuersFor(running).map(({ endpoint, path }) => ({ endpoint, ...(path !== undefined && { path }) })),
    }),
  }),
  action({
    name: 'passwords.issue',
    about: 'Makes a one-time password for a device. It is shown once; with a subject it is valid for these names only.',
    permission: 'operate',
    route: 'POST /passwords',
    secret: true,
    input: z.object({ endpoint: TEXT.optional(), subject: TEXT.optional(), san: z.array(TEXT).max(50).optional() }),
    output: z.object({
      password: z.string(),
      endpoint: z.string(),
      id: z.string().optional(),
      expires: z.iso.datetime().optional(),
    }),
    run: async (running) => {
      const issuer = issuerFor(issuersFor(running), running.input.endpoint);
      if (!issuer) throw new ActionError('not_found', 'no endpoint with one-time passwords has this name');
      const issued = await issue(issuer, running);
      if (issued === 'full') throw full();
      const { password, id, expires } = issued;
      await running.desk.store.addEntry(passwordEntry(byCaller(running), issuer.endpoint, id));
      return {
        password,
        endpoint: issuer.endpoint,
        ...(id !== undefined && { id }),
        ...(expires && { expires: expires.at.toISOString() }),
      };
    },
  }),
] as const;

const issuersFor = (running: Running<unknown>): ChallengeIssuer[] =>
  ofServer(running.desk.passwords).filter(({ endpoint }) => isAt(running, endpoint));

type Asked = { subject?: string | undefined; san?: string[] | undefined };

async function issue(issuer: ChallengeIssuer, { caller, input }: Running<Asked>): Promise<IssuedChallenge | 'full'> {
  try {
    return await issuer.issue(caller, bindingOf(input));
  } catch (error) {
    if (error instanceof BindingError) throw new ActionError('invalid', error.message);
    throw error;
  }
}

const full = (): ActionError =>
  new ActionError(
    'conflict',
    'as many passwords as `policy.oneTime.max` allows are neither used nor expired',
    'Wait until one is used or expires, or raise `max`.',
  );
