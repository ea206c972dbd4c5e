/** What a profile of DigiCert PKI Platform 8 demands, as its policy service says. */
import { backendFault } from '../backend-fault.ts';
import { elementsNamed, type XmlElement } from '../strict-xml.ts';
import { NAMESPACE } from './platform8-envelopes.ts';
import { isFillable, type PolicyAttribute } from './platform8-values.ts';

const named = (element: XmlElement, name: string): XmlElement[] => elementsNamed(element, name, [NAMESPACE.policy]);

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

/** An attribute has a name beside the pair that is sent for it. */
const withValues = (element: XmlElement): PolicyAttribute[] =>
  element.children.flatMap((child) => {
    const own = (name: string) =>
      child.children.filter((each) => each.name === name && each.namespace === NAMESPACE.policy);
    const attribute = own('attributeName')[0]?.text.trim();
    const values = own('attributeNameValue').map((value) => ({
      attribute: attribute ?? value.text.trim(),
      name: value.text.trim(),
      mandatory: value.attributes.get('mandatory') === 'true',
    }));
    return [...values, ...withValues(child)];
  });
