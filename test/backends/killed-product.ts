/** CA products as plain data, so that a server in another process makes the same one. */
import { awsPcaBackend } from '../../src/backends/aws-pca/aws-pca-backend.ts';
import type { AwsPcaSdk } from '../../src/backends/aws-pca/aws-pca-sdk.ts';
import type { AwsPcaSettings } from '../../src/backends/aws-pca/aws-pca-settings.ts';
import { type BackendClient, backendClient } from '../../src/backends/backend-client.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { commandBackend } from '../../src/backends/command/command-backend.ts';
import type { CommandSettings } from '../../src/backends/command/command-settings.ts';
import { digicertBackend } from '../../src/backends/digicert/digicert-backend.ts';
import type { DigicertSettings } from '../../src/backends/digicert/digicert-settings.ts';
import { ejbcaBackend } from '../../src/backends/ejbca/ejbca-backend.ts';
import type { EjbcaSettings } from '../../src/backends/ejbca/ejbca-settings.ts';
import { openBaoBackend } from '../../src/backends/open-bao/open-bao-backend.ts';
import type { OpenBaoSettings } from '../../src/backends/open-bao/open-bao-settings.ts';
import { platform8Backend } from '../../src/backends/platform8/platform8-backend.ts';
import { platform8RestBackend } from '../../src/backends/platform8-rest/platform8-rest-backend.ts';
import type { Platform8Settings } from '../../src/backends/platform8/platform8-settings.ts';
import { stepCaBackend } from '../../src/backends/step-ca/step-ca-backend.ts';
import type { StepCaSettings } from '../../src/backends/step-ca/step-ca-settings.ts';
import { runCommand } from '../../src/app/command-run.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import type { ClientIdentity } from '../../src/outbound/tls-trust.ts';

/** Which product, what of it is asked over HTTPS, and its settings. */
export type Product = {
  stepCa: StepCaSettings;
  openBao: OpenBaoSettings;
  ejbca: EjbcaSettings;
  digicert: DigicertSettings;
  platform8: Platform8Settings;
  platform8Rest: DigicertSettings;
  awsPca: AwsPcaSettings;
  command: CommandSettings;
};
export type ProductPlan = {
  [Kind in keyof Product]: {
    kind: Kind;
    settings: Product[Kind];
    /** DER, the issuing CA first. */
    chain: Uint8Array[];
    service?: { url: string; ca: string; identity?: ClientIdentity };
  };
}[keyof Product];

/** Sends one command of the SDK of AWS to the fake of it. */
export type SendToAws = (command: { name: string; input: object }) => Promise<object>;

/** The product. `toAws`: where commands of the SDK of AWS go. */
export function productOf(plan: ProductPlan, toAws: SendToAws): Backend {
  const [certificate = new Uint8Array(), ...above] = plan.chain;
  const place = {
    profile: { ...DEFAULT_PROFILE, altNames: ['upn', 'dns', 'email', 'uri'] as const },
    certificate,
    chain: above,
  };
  const common = { client: clientOf(plan), clock: systemClock, random: systemRandom, place, chain: plan.chain };
  const make: { [Kind in keyof Product]: (settings: Product[Kind]) => Backend } = {
    stepCa: (settings) => stepCaBackend(settings, common),
    openBao: (settings) => openBaoBackend(settings, common),
    ejbca: (settings) => ejbcaBackend(settings, common),
    digicert: (settings) => digicertBackend(settings, common),
    platform8: (settings) => platform8Backend(settings, common),
    platform8Rest: (settings) => platform8RestBackend(settings, common),
    awsPca: (settings) =>
      awsPcaBackend(settings, { ...common, sdk: sdkTo(toAws), pause: async () => undefined, limit }),
    command: (settings) => commandBackend(settings, { ...common, run: runCommand, limit, notAfter }),
  };
  return make[plan.kind](plan.settings as never);
}

const limit = (ms: number): AbortSignal => AbortSignal.timeout(ms);
const notAfter = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + 90 * 86_400_000);

function clientOf({ service, kind }: ProductPlan): BackendClient {
  const { url = 'https://nowhere.example', ca, identity } = service ?? {};
  const address = { name: kind, url, ...(ca !== undefined && { ca }) };
  return backendClient({ ...address, ...(identity && { identity: () => identity }) }, { clock: systemClock });
}

function sdkTo(send: SendToAws): AwsPcaSdk {
  const command = (name: string) =>
    class {
      readonly name = name;
      readonly input: object;
      constructor(input: object) {
        this.input = { ...input };
      }
    };
  class Client {
    send = (order: object): Promise<object> => send(order as Parameters<SendToAws>[0]);
    destroy(): void {}
  }
  return {
    ACMPCAClient: Client,
    IssueCertificateCommand: command('issue'),
    GetCertificateCommand: command('get'),
    RevokeCertificateCommand: command('revoke'),
    DescribeCertificateAuthorityCommand: command('describe'),
  };
}
