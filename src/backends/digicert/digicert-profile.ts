/** What a profile of DigiCert Trust Lifecycle Manager must be, before anything is ordered. */
import { asObject, field, textField } from '../../outbound/untrusted-json.ts';
import { FILLABLE, singular } from './digicert-attributes.ts';

/** Why nothing can be ordered with a profile, as its description says; undefined when something can. */
export function profileFault(profile: object | undefined): string | undefined {
  const status = textField(profile, 'status') ?? 'unknown';
  if (status.toLowerCase() !== 'active') return `its status is ${status}, not Active`;
  const lacking = mandatoryOf(profile).find((type) => !FILLABLE.has(singular(type)));
  return lacking && `it demands the attribute ${lacking}, which no request has: give it a fixed value`;
}

/** The attributes that an order must have: those that are mandatory and have no fixed value. */
function mandatoryOf(profile: object | undefined): string[] {
  const certificate = asObject(field(profile, 'certificate'));
  const san = asObject(field(asObject(field(certificate, 'extensions')), 'san'));
  return [asObject(field(certificate, 'subject')), san]
    .flatMap((part) => [field(part, 'attributes')].flat())
    .map(asObject)
    .filter((attribute) => field(attribute, 'mandatory') === true && !isFixed(attribute))
    .map((attribute) => textField(attribute, 'type') ?? 'without a type');
}

const isFixed = (attribute: object | undefined): boolean =>
  [field(attribute, 'sources')]
    .flat()
    .map(asObject)
    .some((source) => /^fixed_value$/i.test(textField(source, 'source') ?? ''));
