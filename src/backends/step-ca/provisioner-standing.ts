/** Whether step-ca is there, knows the provisioner, and has the template that openndes needs. */
import type { Clock } from '../../core/environment.ts';
import { asObject, field, textField } from '../../outbound/untrusted-json.ts';
import type { BackendReply } from '../backend-call.ts';
import type { ProvisionerTokens } from './provisioner-tokens.ts';
import type { StepCaSettings } from './step-ca-settings.ts';

/** `ask` throws IssuerError for an answer that is no success. */
export type StandingParts = { tokens: ProvisionerTokens; clock: Clock; ask: (path: string) => Promise<BackendReply> };

type Standing = { ok: boolean; detail: string };
const bad = (detail: string): Standing => ({ ok: false, detail });

/** As `check` of Health. Throws IssuerError when step-ca does not answer. */
export async function provisionerStanding(settings: StepCaSettings, parts: StandingParts): Promise<Standing> {
  const { tokens, clock, ask } = parts;
  const health = textField((await ask('/health')).json, 'status');
  if (health !== 'ok') return bad(`step-ca says of its health: ${(health ?? 'nothing').slice(0, 80)}`);
  if (tokens.expires && tokens.expires <= clock())
    return bad(`the certificate of the X5C provisioner ended at ${tokens.expires.toISOString()}`);
  const { provisioner: name } = settings;
  const found = await provisionerNamed(settings, parts);
  if (!found) return bad(`step-ca has no ${kindOf(settings)} provisioner ${JSON.stringify(name)}`);
  const kid = textField(asObject(field(found, 'key')), 'kid');
  if (tokens.keyId !== undefined && kid !== tokens.keyId)
    return bad(`the provisioner ${JSON.stringify(name)} has the key ${String(kid)}, and openndes has ${tokens.keyId}`);
  return templateStanding(found) ?? { ok: true, detail: `provisioner ${JSON.stringify(name)}` };
}

const kindOf = ({ certificate }: StepCaSettings): string => (certificate === undefined ? 'JWK' : 'X5C');

/** The pages of `/provisioners` are many only in installations of thousands. */
const MOST_PAGES = 20;

async function provisionerNamed(settings: StepCaSettings, { ask }: StandingParts): Promise<object | undefined> {
  let cursor = '';
  for (let page = 0; page < MOST_PAGES; page++) {
    const { json } = await ask(`/provisioners?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    const listed = [field(json, 'provisioners')].flat().map(asObject);
    const found = listed.find(
      (each) =>
        textField(each, 'name') === settings.provisioner && textField(each, 'type')?.toUpperCase() === kindOf(settings),
    );
    cursor = textField(json, 'nextCursor') ?? '';
    if (found || cursor === '') return found;
  }
  return undefined;
}

/** What the template of openndes has, and the one of step-ca has not. A template in a file cannot be seen from here. */
function templateStanding(provisioner: object): Standing | undefined {
  const options = asObject(field(asObject(field(provisioner, 'options')), 'x509'));
  const template = textField(options, 'template');
  if (template === undefined && textField(options, 'templateFile') !== undefined) return undefined;
  const text = template?.trim().startsWith('{') === false ? Buffer.from(template, 'base64').toString('utf8') : template;
  if (text?.includes('.Token.openndes.subject')) return undefined;
  return bad(
    'the provisioner has not the template of openndes (deploy/step-ca/openndes.tpl), so that step-ca leaves out names',
  );
}
