/** The navigation of the documentation site, by what a reader wants to do. A page that is missing here fails the build. */

/** A page by its path from the root of the repository, and its name in the navigation. */
type Entry = readonly [file: string, name: string];

/** What one kind of reader needs, in the order in which it is read. */
export interface Section {
  readonly title: string;
  /** The section in one sentence, for the first page. */
  readonly about: string;
  readonly pages: readonly Entry[];
}

export const NAVIGATION: readonly Section[] = [
  {
    title: 'Start',
    about: 'From nothing, or from NDES, to the first certificate; and what stands between devices and the server.',
    pages: [
      ['docs/getting-started.md', 'Getting started'],
      ['docs/ndes-migration.md', 'From NDES in an afternoon'],
      ['docs/ndes.md', 'What NDES had'],
      ['docs/reverse-proxies.md', 'Reverse proxies'],
      ['docs/firewall.md', 'Firewall'],
      ['docs/clients.md', 'Clients'],
      ['docs/legacy.md', 'Old devices'],
    ],
  },
  {
    title: 'Operate',
    about: 'Backup, upgrade, monitoring, and what to do when devices get no certificate or a key is lost.',
    pages: [
      ['docs/operations.md', 'Operations'],
      ['docs/troubleshooting.md', 'Troubleshooting'],
      ['docs/administration.md', 'Pages of administrators'],
      ['docs/conditions.md', 'What can be wrong'],
      ['docs/alerts.md', 'Alerts'],
      ['docs/messages.md', 'Messages'],
      ['docs/doctor.md', 'openndes doctor'],
      ['docs/runbooks.md', 'Stolen and lost keys'],
      ['docs/revocation.md', 'Revocation'],
      ['docs/access.md', 'Who may do what'],
      ['docs/audit.md', 'History and proof'],
      ['docs/releases.md', 'Releases and support'],
    ],
  },
  {
    title: 'Intune',
    about: 'The app registration, profiles for each platform, and every answer of Microsoft.',
    pages: [
      ['docs/intune.md', 'Microsoft Intune'],
      ['docs/app-registration.md', 'App registration'],
      ['docs/intune-profiles.md', 'SCEP profiles'],
      ['docs/device-symptoms.md', 'What devices show'],
      ['docs/intune-faults.md', 'When Microsoft does not answer'],
      ['docs/pfx.md', 'Keys for people'],
      ['docs/simulator.md', 'The simulated tenant'],
    ],
  },
  {
    title: 'Authorities',
    about: 'Your root and issuing CA, keys in HSMs and clouds, and what certificates contain.',
    pages: [
      ['docs/authority.md', 'Your authority'],
      ['docs/signers.md', 'Where keys are'],
      ['docs/backends.md', 'Other CA products'],
      ['docs/command-issuer.md', 'A CA by a program'],
      ['docs/adcs.md', 'AD CS from Linux'],
      ['docs/adcs-web.md', 'AD CS over HTTPS'],
      ['docs/profiles.md', 'Profiles of certificates'],
      ['docs/ocsp.md', 'OCSP'],
      ['docs/fips.md', 'FIPS mode'],
      ['docs/post-quantum.md', 'Post-quantum keys'],
      ['docs/certificate-policy.md', 'Policy for auditors'],
    ],
  },
  {
    title: 'Scale',
    about: 'What ten thousand or a hundred million devices need, measured.',
    pages: [
      ['docs/scaling.md', 'Scaling'],
      ['docs/kubernetes.md', 'Kubernetes'],
      ['docs/performance.md', 'Performance'],
      ['docs/limits.md', 'Limits'],
    ],
  },
  {
    title: 'Embed and extend',
    about: 'SCEP in your own application, with your own CA and your own rules.',
    pages: [
      ['docs/embedding.md', 'As a library'],
      ['docs/vendors.md', 'For vendors of a CA'],
      ['docs/policies.md', 'Policies'],
      ['docs/webhook.md', 'The webhook'],
      ['docs/architecture.md', 'Architecture'],
      ['docs/decisions.md', 'Decisions'],
      ['docs/testing.md', 'Tests'],
      ['CONTRIBUTING.md', 'Contributing'],
      ['CODE_OF_CONDUCT.md', 'Code of conduct'],
    ],
  },
  {
    title: 'Reference',
    about: 'Every key, command, error, line of the log and requirement.',
    pages: [
      ['docs/configuration.md', 'Configuration'],
      ['docs/commands.md', 'Commands'],
      ['docs/errors.md', 'Error codes'],
      ['docs/trace.md', 'The trace of a device'],
      ['docs/log.md', 'The log'],
      ['docs/metrics.md', 'Metrics'],
      ['docs/api.md', 'The API of operators'],
      ['docs/glossary.md', 'Glossary'],
      ['docs/authorisation.md', 'Who gets a certificate'],
      ['docs/conformance.md', 'Conformance'],
      ['SECURITY.md', 'Security'],
      ['CHANGELOG.md', 'Changes'],
    ],
  },
];

/** Every page of the site by its path from the root of the repository. */
export const SITE_PAGES: readonly string[] = NAVIGATION.flatMap(({ pages }) => pages.map(([file]) => file));

/** The path of a page in the site: `docs/intune.md` is `/intune`, `SECURITY.md` is `/security`. */
export const sitePath = (file: string): string =>
  `/${file
    .replace(/^docs\//, '')
    .replace(/\.md$/, '')
    .toLowerCase()}`;
