/**
 * What a request asks a one-time password to be bound to. What asks for a binding in a form that is not read is refused: the
 * password would be accepted for every name.
 */
import type { FastifyRequest } from 'fastify';
import type { ChallengeBinding } from '../core/records.ts';
import { BindingError, bindingOf } from '../manage/challenge-binding.ts';

const BINDING = ['subject', 'san'];
const MEMBERS = ['endpoint', ...BINDING];

/**
 * For the API: from the members of a JSON object. A body with none of our members is that of the program (Jamf Pro) and
 * counts for nothing. Throws BindingError.
 */
export function bindingInJson({ body, query }: FastifyRequest): ChallengeBinding | undefined {
  refuseInQuery(query);
  if (Array.isArray(body)) throw new BindingError('the body is a list, and an object is read');
  const object = (body ?? {}) as Record<string, unknown>;
  const members = Object.keys(object);
  const isOurs = members.some((member) => MEMBERS.includes(member.toLowerCase()));
  const unknown = isOurs && members.find((member) => !MEMBERS.includes(member));
  if (unknown)
    throw new BindingError(`${JSON.stringify(unknown.slice(0, 40))} is none of ${MEMBERS.join(', ')}, which are read`);
  return bindingOf(object);
}

/**
 * For the page: from the fields of a form. A body without them, as programs send it, asks for no binding. Throws
 * BindingError.
 */
export function bindingInForm({ body, query }: FastifyRequest): ChallengeBinding | undefined {
  refuseInQuery(query);
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : '';
  const fields = new URLSearchParams(text);
  const subjects = fields.getAll('subject');
  if (subjects.length > 1) throw new BindingError('the form has more than one subject');
  if (subjects.length === 0 && !fields.has('san')) return refuseOtherForms(text);
  const lines = fields.getAll('san').flatMap((field) => field.split(/[\r\n]+/).map((line) => line.trim()));
  return bindingOf({ subject: subjects[0]?.trim() ?? '', san: lines.filter(Boolean) });
}

function refuseInQuery(query: unknown): void {
  if (Object.keys(query ?? {}).some((name) => BINDING.includes(name.toLowerCase())))
    throw new BindingError('`subject` and `san` stand in the query, and are read in the body only');
}

/** Names of our fields in JSON, in parts of multipart/form-data, in UTF-16 or in other letters. */
function refuseOtherForms(text: string): undefined {
  if (/\b(subject|san)\b/i.test(text.replaceAll('\0', '')))
    throw new BindingError('the body has `subject` or `san`, and not as a form (application/x-www-form-urlencoded)');
}
