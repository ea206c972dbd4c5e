/** What a profile of DigiCert PKI Platform 8 demands, as its policy service says. */
import { backendFault } from '../backend-fault.ts';
import { elementsNamed, type XmlElement } from '../strict-xml.ts';
import { NAMESPACE } from './platform8-envelopes.ts';
import { isFillable, type PolicyAttribute } from './platform8-values.ts';

const named = (element: XmlElement, name: string): XmlElement[] => elementsNamed(element, name, [NAMESPACE.policy]);

/** The pair that says for how many days an order wants its certificate. */
export const DAYS_PAIR = '$overrideValidityDays';

/** Throws IssuerError when the profile of a reply does not let an order say how long its certificate is valid. */
export function assertValidityOverride(reply: XmlElement): void {
  const permits = named(reply, 'overrideFlag').some(({ text }) => /^(true|1)$/.test(text.trim()));
  const pairs = named(reply, 'overrideNameValuePair').map(({ text }) => text.trim());
  if (permits && (pairs.length === 0 || pairs.includes(DAYS_PAIR))) return;
  throw backendFault(
    'misconfigured',
    'the DigiCert profile does not let an order say how long a certificate is valid (overrideFlag): permit it there, or remove `validityOverride`',
    { retryable: true },
  );
}

/** The attributes of the one profile of a reply. Throws IssuerError when there is none, and for one that no request can fill. */
export function policyAttributes(reply: XmlElement): PolicyAttribute[] {
  if (named(reply, 'certificateValidity').length !== 1)
    throw backendFault('misconfigured', 'DigiCert has no profile with this OID, or more than one', { retryable: true });
  const found = withValues(reply);
  const lacking = found.find((attribute) => attribute.mandatory && !isFillable(attribute));
  if (lacking)
    throw backendFault(
      'misconfigured',
      `the DigiCert profile demands ${lacking.attribute}, which no request has: fix its value in the profile`,
      { retryable: true },
    );
  return found;
}

/** The profile has its value, and an order may not replace it. */
const hasFixedValue = (property: XmlElement): boolean => {
  const textOf = (name: string): string => named(property, name)[0]?.text.trim() ?? '';
  return textOf('value') !== '' && textOf('overridable') === 'false';
};

/** An attribute has a name beside the pair that is sent for it. One that is fixed is not sent. */
const withValues = (element: XmlElement): PolicyAttribute[] =>
  element.children.flatMap((child) => {
    const own = (name: string) =>
      child.children.filter((each) => each.name === name && each.namespace === NAMESPACE.policy);
    const attribute = own('attributeName')[0]?.text.trim();
    const isFixed = own('attributeNameValueProperty').some(hasFixedValue);
    const values = (isFixed ? [] : own('attributeNameValue')).map((value) => ({
      attribute: attribute ?? value.text.trim(),
      name: value.text.trim(),
      mandatory: value.attributes.get('mandatory') === 'true',
    }));
    return [...values, ...withValues(child)];
  });
