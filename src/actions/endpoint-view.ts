/** What a running server shows of its endpoints, and what a test of a request says. Secrets are masked or left out. */
import { z } from 'zod';
import type { Placed } from './seen-places.ts';
import { TIME } from './shown-certificate.ts';

/** `reason`: why it does not serve. `policy`: its kinds, such as `intune` or `allOf: intune, webhook`. `url`: as devices have it. */
export const endpointView = z.object({
  name: z.string(),
  path: z.string(),
  url: z.string().optional(),
  serves: z.boolean(),
  reason: z.string().optional(),
  authority: z.string(),
  profiles: z.array(z.string()),
  policy: z.string(),
  tenants: z.array(z.string()),
  approval: z.boolean(),
  renewal: z.boolean(),
  legacy: z.array(z.string()),
});

/** One endpoint. */
export type EndpointView = z.output<typeof endpointView>;

/** `from`: `configuration file`, `default`, `environment variable NAME`, `file PATH` or `credential NAME`. A secret is `********`. */
export const settingsSection = z.object({
  section: z.string(),
  settings: z.array(z.object({ key: z.string(), value: z.string(), from: z.string() })),
});

/** The settings of one section that are in force. */
export type SettingsSection = z.output<typeof settingsSection>;

/** The verdicts are the words of `openndes doctor`. `code`: of docs/errors.md. */
const check = z.object({
  check: z.string(),
  verdict: z.enum(['PASS', 'PASS-WITH-WARNINGS', 'FAIL', 'NOT-RUN']),
  text: z.string(),
  code: z.string().optional(),
  remedy: z.string().optional(),
});

/** One check of a request. */
export type RequestCheck = z.output<typeof check>;

const list = z.array(z.string());

const certificate = z.object({
  subject: z.string(),
  key: z.string(),
  notBefore: TIME,
  notAfter: TIME,
  keyUsage: list,
  extendedKeyUsage: list,
  subjectAltName: list,
  otherExtensions: list,
});

/** `depends`: it is issued if the policy, which was not asked, allows it. `notGranted`: what was requested and is not in it. */
const testedAt = z.object({
  endpoint: z.string(),
  path: z.string(),
  profile: z.string(),
  verdict: z.enum(['issued', 'waits', 'depends', 'refused']),
  certificate: certificate.optional(),
  notGranted: z.record(z.string(), list),
  checks: z.array(check),
});

/** What one endpoint would answer. */
export type TestedAt = z.output<typeof testedAt>;

/** `challenge`: whether there is one, and never what it is. The facts of a message that nobody can open are absent. */
export const testedRequest = z.object({
  kind: z.enum(['certification request', 'SCEP message']),
  subject: z.string().optional(),
  key: z.string().optional(),
  subjectAltName: list.optional(),
  challenge: z.string().optional(),
  endpoints: z.array(testedAt),
});

/** What was found about a request. */
export type TestedRequest = z.output<typeof testedRequest>;

/** `request`: as in a file. `endpoints`: the names of those to try. `askIntune`: whether Intune is asked where it decides. */
export type RequestToTest = { request: string; endpoints: readonly string[]; askIntune: boolean; signal: AbortSignal };

/** The endpoints of a running server. `test` throws ConfigError when there is no request in the text; it records nothing. */
export type EndpointSource = {
  list(): readonly Placed<EndpointView>[];
  settings(endpoint: string): readonly SettingsSection[];
  test(request: RequestToTest): Promise<TestedRequest>;
};
