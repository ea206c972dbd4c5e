/** What an administrator should know of the template for which this server enrols, before devices do. */
import { DAY, SECOND } from '../../core/durations.ts';
import { equalBytes } from '../../core/bytes.ts';
import { EXTENDED_KEY_USAGES } from '../../pkix/oids.ts';
import type { AdcsCa, AdcsPolicies, AdcsTemplate } from './xcep-templates.ts';

/** `url`: of the enrolment service. `certificate`: of the CA that is pinned, DER. `validity`: that orders name, milliseconds; absent where the template decides. */
export type TemplateWish = { template: string; url: string; certificate: Uint8Array; validity?: number };

/** `unfit`: why no order can succeed, and what to do; else `detail` and `warnings` as in `IssuerStanding`. */
export type TemplateFindings = { unfit: string } | { detail: string; warnings: string[] };

/** Looks at the template, and at the others for which the account may enrol. */
export function templateFindings(policies: AdcsPolicies, wish: TemplateWish): TemplateFindings {
  const named = `the template ${wish.template}`;
  const template = policies.templates.find(({ name }) => name.toLowerCase() === wish.template.toLowerCase());
  if (!template) return { unfit: `${named} is not among those that the account sees${listed(policies)}` };
  const ca = caOf(policies, wish);
  const why = FAULTS.find(({ isThere }) => isThere(template, ca, wish));
  if (why) return { unfit: `${named} ${why.text}` };
  return {
    detail: isEsc1(template) ? `${named} certifies any name for client authentication. ${ALONE}` : `${named} fits`,
    warnings: [...shorter(template, wish), ...others(policies.templates, template)],
  };
}

/** Nobody else can be seen here who may enrol for it. */
const ALONE = 'That is what this server needs: see that nobody but its account has the right Enroll (ESC1)';

const MOST_LISTED = 10;
const names = (templates: readonly AdcsTemplate[]): string => {
  const shown = templates.slice(0, MOST_LISTED).map(({ name }) => name.replace(/[^\w .()-]/g, '?').slice(0, 64));
  return shown.join(', ') + (templates.length > MOST_LISTED ? ` and ${templates.length - MOST_LISTED} more` : '');
};

const listed = ({ templates }: AdcsPolicies): string =>
  templates.length === 0
    ? ', which sees none: publish it at the CA, and give the account Read and Enroll'
    : `: ${names(templates)}. Write its name and not its display name, publish it at the CA, and give the account Read and Enroll`;

/** The CA that is pinned; else the one whose enrolment service is configured. */
const caOf = ({ cas }: AdcsPolicies, { certificate, url }: TemplateWish): AdcsCa | undefined =>
  cas.find((ca) => equalBytes(ca.certificate, certificate)) ?? cas.find((ca) => serviceOf(ca, url) !== undefined);

const serviceOf = (ca: AdcsCa | undefined, url: string) =>
  ca?.services.find((service) => service.url.replace(/\/+$/, '').toLowerCase() === url.toLowerCase());

type TemplateFault = {
  isThere: (template: AdcsTemplate, ca: AdcsCa | undefined, wish: TemplateWish) => boolean;
  text: string;
};

const FAULTS: readonly TemplateFault[] = [
  {
    isThere: ({ mayEnroll }) => !mayEnroll,
    text: 'does not let the account enrol: give it the right Enroll',
  },
  {
    isThere: ({ suppliesSubject }) => !suppliesSubject,
    text: 'takes its names from Active Directory: choose Supply in the request',
  },
  {
    isThere: ({ makesCas }) => makesCas,
    text: 'makes certificates of CAs: choose one for devices',
  },
  {
    isThere: ({ signatures }) => signatures > 0,
    text: 'demands signatures of others: set `number of authorized signatures` to 0',
  },
  {
    isThere: ({ cas }) => cas.length === 0,
    text: 'is published at no CA: publish it at the CA that is configured',
  },
  {
    isThere: ({ cas }, ca) => ca !== undefined && !cas.includes(ca.reference),
    text: 'is published at another CA only: publish it at the one that is configured',
  },
  {
    isThere: (_, ca) => ca !== undefined && !ca.mayEnroll,
    text: 'is at a CA that refuses the account: give it Request Certificates there',
  },
  {
    isThere: (_, ca, { url }) => serviceOf(ca, url)?.renewalOnly === true,
    text: 'is at a CA whose enrolment service takes renewals only: install another one, or set it up for all requests',
  },
];

/** Purposes with which a certificate of any name is a login as anybody: client authentication, smart card, Kerberos, and any. */
const LOGINS: readonly string[] = [
  EXTENDED_KEY_USAGES.clientAuth,
  EXTENDED_KEY_USAGES.smartcardLogon,
  EXTENDED_KEY_USAGES.anyExtendedKeyUsage,
  '1.3.6.1.5.2.3.4',
];

/** ESC1 as far as it can be seen here; a template without purposes is for all of them. */
const isEsc1 = ({ suppliesSubject, signatures, purposes }: AdcsTemplate): boolean =>
  suppliesSubject && signatures === 0 && (purposes?.some((purpose) => LOGINS.includes(purpose)) ?? true);

/** Orders that name a later end than the template permits are shortened, and refused here. */
const shorter = ({ name, validity }: AdcsTemplate, wish: TemplateWish): string[] =>
  wish.validity !== undefined && validity > 0 && validity * SECOND < wish.validity
    ? [
        `The template ${name} certifies for ${days(validity * SECOND)} days, and the profile orders ${days(wish.validity)}: certificates that end earlier than ordered are refused. Lengthen the one or shorten the other.`,
      ]
    : [];

const days = (ms: number): number => Math.floor(ms / DAY);

/** With the password of the account one could get certificates of these too. */
function others(templates: readonly AdcsTemplate[], own: AdcsTemplate): string[] {
  const open = templates.filter((each) => each !== own && each.mayEnroll && isEsc1(each));
  return open.length === 0
    ? []
    : [
        `The account may also enrol for ${names(open)}, with any name (ESC1): take the right Enroll there from it, and from everybody who does not need it.`,
      ];
}
