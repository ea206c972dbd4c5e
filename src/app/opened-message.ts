/** A captured message, opened as one endpoint of a running server would open it. */
import type { RequestCheck } from '../actions/endpoint-view.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/environment.ts';
import { HttpError, REFUSALS } from '../core/errors.ts';
import type { CertificationRequest } from '../core/request.ts';
import { messageRules } from '../embed/enrollment.ts';
import { systemRandom } from '../embed/system.ts';
import type { Opened } from '../scep/message.ts';
import { open } from '../scep/open.ts';
import type { MessageRules } from '../scep/open-context.ts';
import { registrationAuthority } from '../scep/registration-authority.ts';
import type { ServedEndpoint } from './served-endpoints.ts';
import { keyTransport } from './named-ras.ts';

/** What was in the message, and what the endpoint says to the message itself. */
export type OpenedMessage = { csr?: CertificationRequest; transactionId: string; opened: RequestCheck[] };

type At = { served: Pick<ServedEndpoint, 'options' | 'keeper'>; fips: Config['fips']; clock: Clock };

/** The clock of a captured message is of the time when it was captured: that alone does not refuse it here. */
export async function openedAt(octets: Uint8Array, at: At): Promise<OpenedMessage> {
  const rules = messageRules({ ...at.served.options, ...keyTransport(at.fips) });
  const result = await openWith(octets, at, rules);
  if (typeof result === 'string') return { transactionId: '', opened: [failed(result)] };
  if (result.kind === 'request') return readOf(result, { check: 'message', verdict: 'PASS', text: takenText(result) });
  if (result.code !== 'signing_time_refused') return { transactionId: '', opened: [refusedCheck(result)] };
  const then = await openWith(octets, at, { ...rules, signingTime: undefined });
  if (typeof then === 'string' || then.kind === 'refused') return { transactionId: '', opened: [refusedCheck(result)] };
  const text = `${result.detail}: it was captured earlier. When it was signed: ${takenText(then)}`;
  return readOf(then, { check: 'message', verdict: 'PASS-WITH-WARNINGS', text });
}

async function openWith(octets: Uint8Array, { served, clock }: At, rules: MessageRules): Promise<Opened | string> {
  const { retired, signer, kem = [], ...current } = served.keeper.current();
  const ra = registrationAuthority(current, retired, signer, kem);
  try {
    return await open(octets, { ra, rules, clock, random: systemRandom });
  } catch (error) {
    if (error instanceof HttpError) return `it cannot be read as a message: ${error.message}`;
    throw error;
  }
}

type TakenMessage = Extract<Opened, { kind: 'request' }>;

function readOf({ header, content }: TakenMessage, check: RequestCheck): OpenedMessage {
  const { transactionId } = header;
  if (content.type === 'certification-request') return { csr: content.csr, transactionId, opened: [check] };
  return { transactionId, opened: [failed(`a message of the type ${header.messageType} asks for no certificate`)] };
}

const takenText = ({ header, legacy }: TakenMessage): string =>
  `taken as ${header.messageType}${legacy.length > 0 ? `, with the legacy algorithms ${legacy.join(', ')}` : ''}`;

const failed = (text: string): RequestCheck => ({ check: 'message', verdict: 'FAIL', text });

/** Why an envelope cannot be used is not said: it would help to decrypt messages of others. */
function refusedCheck({ code, detail }: Extract<Opened, { kind: 'refused' }>): RequestCheck {
  const text =
    code === 'request_refused'
      ? 'it is encrypted to a key that this endpoint does not have, or its content or its proof cannot be used'
      : detail;
  return { ...failed(text), code, remedy: REFUSALS[code].remedy };
}
