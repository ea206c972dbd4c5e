/** What the site changes in the Markdown of the repository, by rules of markdown-it. */
import { destination, headingId, isRelative, picture, repositoryFile } from './links.ts';

/** The parts of markdown-it that are used here. The package is installed for the site alone. */
interface Token {
  type: string;
  tag: string;
  children: Token[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
  attrs: [string, string][] | null;
}
interface State {
  tokens: Token[];
  env: { relativePath: string };
}
interface MarkdownIt {
  core: { ruler: { push(name: string, rule: (state: State) => void): void } };
}

/** The path of the site: for one below a folder, `SITE_BASE` with a slash at both ends. */
export const BASE = process.env['SITE_BASE'] ?? '/';

/** A link without an address becomes text that names the file when it is pointed at. */
function withoutAddress(open: Token, close: Token | undefined, file: string): void {
  open.tag = 'span';
  open.attrs = [['title', file]];
  open.type = 'span_open';
  if (close) [close.type, close.tag] = ['span_close', 'span'];
}

/** VitePress takes a path without `.md` for a page, unless it is a download. */
function download(link: Token, path: string): void {
  link.attrSet('href', `${BASE}${path.slice(1)}`);
  link.attrSet('download', '');
}

function leadElsewhere(open: Token, close: Token | undefined, from: string): void {
  const to = destination(from, open.attrGet('href') ?? '', process.env['SITE_SOURCE']);
  if ('href' in to) open.attrSet('href', to.href);
  else if ('copy' in to) download(open, to.copy);
  else withoutAddress(open, close, to.file);
}

function adapt(tokens: Token[], from: string): void {
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'image') token.attrSet('src', picture(from, token.attrGet('src') ?? ''));
    if (token.type !== 'link_open' || !isRelative(token.attrGet('href') ?? '')) continue;
    const close = tokens.slice(at).find(({ type }) => type === 'link_close');
    leadElsewhere(token, close, from);
  }
}

/** Links and pictures of the repository's pages lead to what the site has. */
function links({ tokens, env }: State): void {
  const from = repositoryFile(env.relativePath);
  if (from !== undefined) for (const { children } of tokens) adapt(children ?? [], from);
}

/** Code in a line is text: VitePress would take the value of `{{variable}}`, which is nothing, in its place. */
function codeAsText({ tokens }: State): void {
  for (const { children } of tokens)
    for (const token of children ?? []) if (token.type === 'code_inline') token.attrSet('v-pre', '');
}

function rules({ core: { ruler } }: MarkdownIt): void {
  ruler.push('links_of_the_repository', links);
  ruler.push('code_as_text', codeAsText);
}

/** Options of VitePress for its Markdown. */
export const markdown = {
  // The pages have no HTML. What looks like it, such as <name>, is text.
  html: false,
  linkify: false,
  // Languages that the highlighter does not know.
  languageAlias: { haproxy: 'nginx', caddyfile: 'nginx' },
  anchor: { slugify: headingId },
  config: rules,
};
