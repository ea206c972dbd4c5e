/** All probes of `doctor`, for one configuration and one public URL, and their run. */
import { onlineProbes } from '../../app/online-probes.ts';
import { type Settings, withSettings } from '../../app/settings.ts';
import { ConfigError } from '../../core/errors.ts';
import { canonicalPath } from '../../http/paths.ts';
import { reportConfiguration } from '../commands/check.ts';
import { certificateProbes } from './certificate-probes.ts';
import { authoritiesOf } from './authority-parties.ts';
import { explained } from './faults.ts';
import { firewallProbes } from './firewall-probes.ts';
import { keyProbes } from './key-probes.ts';
import { productProbes } from './product-probes.ts';
import { pointerProbes } from './pointer-probes.ts';
import {
  type ProbeFinding,
  notRun,
  type ProbeOutcome,
  pass,
  type DoctorProbe,
  runProbes,
  warn,
} from './doctor-probe.ts';
import { type PublicUrl, publicUrlProbes } from './public-url-probes.ts';
import { tenantProbes } from './tenant-probes.ts';

/**
 * `config`: the file. `url`: the SCEP URL of devices. `trusted`: whether a CA for its TLS certificate was given. `clean`: takes
 * the secrets of the configuration out of a text.
 */
export type DiagnosisOptions = {
  config: string;
  url?: URL | undefined;
  trusted: boolean;
  clean: (text: string) => string;
};

/** Runs all probes; with a configuration that cannot be loaded, only those of the public URL. */
export async function diagnosis(options: DiagnosisOptions): Promise<readonly ProbeFinding[]> {
  try {
    return await withSettings(options.config, (settings, warnings) => found(settings, warnings, options));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { url, trusted, clean } = options;
    const outside = url ? publicUrlProbes({ url, cas: [], trusted }) : [];
    return runProbes([{ ...CONFIGURATION, run: () => explained(error) }, ...outside], explained, clean);
  }
}

const CONFIGURATION = { id: 'configuration', group: 'configuration', title: 'configuration, files and keys' } as const;

async function found(
  settings: Settings,
  warnings: readonly string[],
  options: DiagnosisOptions,
): Promise<readonly ProbeFinding[]> {
  const { config } = settings;
  const tenants = Object.entries(config.tenants).map(([name, tenant]) => tenantProbes(name, tenant));
  try {
    return await runProbes(
      [
        { ...CONFIGURATION, run: () => checked(settings, warnings) },
        ...tenants.flatMap(({ probes }) => probes),
        ...webhookProbes(settings),
        ...certificateProbes(authoritiesOf(settings)),
        ...keyProbes(settings),
        ...productProbes(settings),
        ...urlProbes(settings, options),
        ...pointerProbes(settings),
        ...firewallProbes(config),
      ],
      explained,
      options.clean,
    );
  } finally {
    await Promise.all(tenants.map(({ close }) => close()));
  }
}

/** As `openndes check`. */
async function checked(settings: Settings, warnings: readonly string[]): Promise<ProbeOutcome> {
  const [lines, weak]: [string[], string[]] = [[], []];
  await reportConfiguration(settings, warnings, {
    out: (line) => void lines.push(line),
    err: (line) => void weak.push(line),
  });
  const [first, ...others] = weak;
  if (first === undefined) return pass('Configuration, certificates, keys and algorithms are in order.', lines);
  return warn(first, 'Each warning says what to do; `openndes check` prints them too.', {
    details: [...others, ...lines],
  });
}

const webhookProbes = ({ config }: Settings): DoctorProbe[] =>
  onlineProbes({ ...config, tenants: {} }, new Map()).map(({ name, ask }) => ({
    id: name,
    group: 'service',
    title: name,
    run: async () => pass(`The service ${(await ask()).text}.`),
  }));

function urlProbes(settings: Settings, { url, trusted }: DiagnosisOptions): DoctorProbe[] {
  const urls = url ? [publicUrl(settings, url)] : configuredUrls(settings);
  if (urls.length > 0) return urls.flatMap((each) => publicUrlProbes({ ...each, trusted }));
  const run = (): ProbeOutcome => notRun('`publicUrl` is not set: give the URL of the devices with --url.');
  return [{ id: 'url', group: 'url', title: 'public URL', run }];
}

/** A path that no endpoint has may be rewritten by a proxy: then any authority can be the one. */
function publicUrl({ endpoints }: Settings, url: URL): Omit<PublicUrl, 'trusted'> {
  const path = canonicalPath(url.pathname);
  const same = endpoints.filter(({ config }) => canonicalPath(config.path) === path);
  return { url, cas: (same.length > 0 ? same : endpoints).map(({ authority }) => authority.certificate) };
}

function configuredUrls(settings: Settings): Omit<PublicUrl, 'trusted'>[] {
  const { publicUrl: base } = settings.config;
  if (base === undefined) return [];
  return settings.endpoints.map(({ config, authority }) => ({
    url: new URL(base.replace(/\/+$/, '') + config.path),
    cas: [authority.certificate],
  }));
}
