/** docs/api.md: the operations of the API, from the table of actions. */
import { type AnyAction, changes } from '../actions/action.ts';
import { ACTIONS } from '../actions/all-actions.ts';
import { PROBLEMS } from '../rest/problem.ts';

const INTRODUCTION = `# API

The listener of \`admin\` has an API under \`/api/v1\`. It does what the pages and the commands do, by the same functions and with the
same rules: who may do what is in the section of roles of the configuration. The document in OpenAPI 3.1 is at
\`/api/v1/openapi.json\`; it is made from the schemas by which requests are checked.

\`\`\`sh
curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8081/api/v1/blocks
\`\`\`

- **Login**: \`Authorization: Bearer TOKEN\` with a token of the configuration, or the cookie of a person from \`/api/session\`
  ([access.md](access.md)). Ten wrong tokens a minute from one network are
  answered; after that it gets 429 until the minute is over. A browser that sends a request for a page of another site gets 403.
- **Input**: GET takes a query, POST and DELETE take JSON. A member that is not known is refused and not left out, because
  it could be a filter with a spelling mistake.
- **Lists** come in pages. \`next\`, when there is one, is the \`cursor\` of the next page.
- **Errors** are problem details (RFC 9457, \`application/problem+json\`) with a stable \`code\`, what is wrong (\`detail\`) and what to
  do (\`remedy\`).
- **Changes** take the field \`Idempotency-Key\`, a text of the program's choice. The same change with the same key is done once:
  a program that did not read the answer asks again, and gets the same answer with \`Idempotency-Replayed: true\`, for 24 hours. A key
  belongs to the token that sent it. An answer with a secret, such as a one-time password, is not kept.
- **202** with \`proposal\`: nothing was done yet, because the configuration asks for two persons; another one confirms it.
- \`POST /api/challenges\` ([ndes.md](ndes.md)) is an API of its own, and stays as it is.
`;

const operation = (action: AnyAction): string => {
  const [method, path] = action.route.split(' ');
  return `| ${method} | \`/api/v1${path}\` | \`${action.permission}\` | ${action.about}${changes(action) && action.needsTwo ? ' Can need two persons.' : ''} |`;
};

/** The page. */
export const apiMarkdown = (): string => `${INTRODUCTION}
## Operations

| method | path | permission | what it does |
|---|---|---|---|
${ACTIONS.map(operation).join('\n')}

## Problems

| code | status | what to do |
|---|---|---|
${Object.entries(PROBLEMS)
  .map(([code, { status, remedy }]) => `| \`${code}\` | ${status} | ${remedy} |`)
  .join('\n')}
`;
