/** Whether the template fits, as its policy service said last. */
import { IssuerError } from '../../core/errors.ts';
import type { IssuerStanding } from '../../core/issuer.ts';
import { backendFault } from '../backend-fault.ts';
import type { SendSoap } from './soap12-service.ts';
import { templateFindings, type TemplateWish } from './template-findings.ts';
import { GET_POLICIES, policiesIn } from './xcep-templates.ts';

/** What is said of the template, beside that the CA can be used. */
export type TemplateStanding = Omit<IssuerStanding, 'ok'>;

/** Both throw IssuerError, `misconfigured` and open for later, where the template does not fit or there is no policy service. */
export type TemplateWatch = {
  /** Asks now. A policy service that cannot be reached is a warning. */
  look: (signal: AbortSignal) => Promise<TemplateStanding>;
  /** Asks unless it fitted when it was asked last. A policy service that cannot be reached prevents no order: the CA decides anyway. */
  assertFit: (signal: AbortSignal) => Promise<void>;
};

/** `send`: to the policy service. */
export function templateWatch(send: SendSoap, wish: TemplateWish): TemplateWatch {
  let fitted = false;
  async function read(signal: AbortSignal): Promise<TemplateStanding> {
    const outcome = await send(GET_POLICIES, 'its templates', signal);
    if ('fault' in outcome) throw outcome.fault;
    const found = templateFindings(policiesIn(outcome.body, 'the policy service of AD CS'), wish);
    fitted = !('unfit' in found);
    if ('unfit' in found) throw backendFault('misconfigured', `AD CS: ${found.unfit}`);
    return found;
  }
  const look = (signal: AbortSignal): Promise<TemplateStanding> => read(signal).catch(notRead);
  return {
    look,
    async assertFit(signal) {
      if (!fitted) await look(signal);
    },
  };
}

function notRead(error: unknown): TemplateStanding {
  if (!(error instanceof IssuerError)) throw error;
  // Devices wait until it is mended.
  if (error.code === 'misconfigured') throw backendFault('misconfigured', error.adminText, { retryable: true });
  return {
    detail: 'its templates were not looked at',
    warnings: [`The templates could not be looked at. ${error.adminText}`],
  };
}
