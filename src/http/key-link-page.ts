/** The page at `/pfx/`: it takes the token from the fragment of the link, which no browser sends, and nothing is fetched until a person says so. */
import { formPageHeaders, page } from './landing-page.ts';

const SCRIPT = `
const field = document.getElementById('token');
const fill = () => { if (location.hash.length > 1) field.value = location.hash.slice(1) };
fill();
addEventListener('hashchange', fill);
document.forms[0].addEventListener('submit', () => history.replaceState(null, '', location.pathname));
`;

/** The page and its headers. */
export const keyLinkPage = {
  headers: { ...formPageHeaders(SCRIPT), 'cache-control': 'no-store' },
  body: Buffer.from(
    page(
      `<h1>A certificate with its key waits here</h1>
<p>It can be fetched once, and only for some minutes. Open this page on the device that needs it. The file opens with a password, which you get
in another way than the link.</p>
<form method="post" autocomplete="off">
<p><label>Code: what follows the # in the link<br><input id="token" name="token" type="text" required size="44" spellcheck="false"></label></p>
<p><button>Fetch the file</button></p>
</form>
<script>${SCRIPT}</script>
`,
      'A certificate with its key',
    ),
  ),
};
