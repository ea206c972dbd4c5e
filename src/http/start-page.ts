/** The page at `/`, for people who open the name of the server. It shows no path, version or setting. */
import { page, PAGE_HEADERS } from './landing-page.ts';

/** The page and its headers. */
export const startPage = {
  headers: PAGE_HEADERS,
  body: Buffer.from(
    page(`<h1>Devices ask for certificates here</h1>
<p>This is a SCEP server (RFC&nbsp;8894). Its address for devices has a path, which the administrator knows. There is nothing
at this page.</p>
`),
  ),
};
