/** The challengePasswords that the requests have, and what each must count as. Written by hand. */

/**
 * `unreadable`: the certification request is malformed, so it is refused whatever the policy. `otherSubject`: a challenge of
 * this endpoint that was made for another subject.
 */
export type Challenge = {
  countsAs: 'right' | 'missing' | 'wrong' | 'used' | 'expired' | 'otherSubject' | 'unreadable';
  form: string;
};

const CHALLENGE_FORMS = {
  right: { countsAs: 'right', form: 'the right one, in the string type that Windows sends' },
  'right, UTF8String': { countsAs: 'right', form: 'the right one as UTF8String' },
  'right, BMPString': { countsAs: 'right', form: 'the right one as BMPString' },
  'right, T61String': { countsAs: 'right', form: 'the right one as T61String' },
  'right, IA5String': { countsAs: 'right', form: 'the right one as IA5String' },
  'right, UniversalString': { countsAs: 'right', form: 'the right one as UniversalString' },
  'right, NUL': { countsAs: 'right', form: 'the right one, with the NUL that ends a string in C' },
  missing: { countsAs: 'missing', form: 'no challengePassword' },
  empty: { countsAs: 'missing', form: 'an empty challengePassword' },
  'only NUL': { countsAs: 'missing', form: 'nothing but the NUL that ends a string in C' },
  wrong: { countsAs: 'wrong', form: 'another text' },
  'of another endpoint': { countsAs: 'wrong', form: 'the right one of another endpoint, or of another tenant' },
  'other case': { countsAs: 'wrong', form: 'the right one in other letter case' },
  'space at the end': { countsAs: 'wrong', form: 'the right one and a space' },
  'space before': { countsAs: 'wrong', form: 'a space and the right one' },
  prefix: { countsAs: 'wrong', form: 'the right one without its last character' },
  longer: { countsAs: 'wrong', form: 'the right one twice' },
  'two NULs': { countsAs: 'wrong', form: 'the right one and two NULs' },
  'NUL inside': { countsAs: 'wrong', form: 'the right one, a NUL and more' },
  'line feed': { countsAs: 'wrong', form: 'the right one and a line feed' },
  used: { countsAs: 'used', form: 'the right one of a request that got its certificate' },
  expired: { countsAs: 'expired', form: 'the right one of an hour ago' },
  'of another subject': { countsAs: 'otherSubject', form: 'the right one, made for another subject' },
  'right, wrong': { countsAs: 'unreadable', form: 'two attributes: right, wrong' },
  'wrong, right': { countsAs: 'unreadable', form: 'two attributes: wrong, right' },
  'right, right': { countsAs: 'unreadable', form: 'two attributes, both right' },
  'two values': { countsAs: 'unreadable', form: 'one attribute with two values' },
  'no value': { countsAs: 'unreadable', form: 'one attribute without a value' },
  'OCTET STRING': { countsAs: 'unreadable', form: 'the right one as OCTET STRING' },
  INTEGER: { countsAs: 'unreadable', form: 'an INTEGER' },
} satisfies Record<string, Challenge>;

/** A name of a challenge. */
export type ChallengeName = keyof typeof CHALLENGE_FORMS;
export const CHALLENGES: Readonly<Record<ChallengeName, Challenge>> = CHALLENGE_FORMS;
