// Helps where there is a script; every page works without it. Copies identifiers, and refreshes the parts that ask for it.

/** A button beside each identifier. Its words stand on the body, because no text is written here. */
function addCopyButtons(root) {
  const { copyText, copiedText } = document.body.dataset;
  for (const element of root.querySelectorAll('[data-copy]:not([data-ready])')) {
    element.dataset.ready = '';
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = copyText;
    button.setAttribute('aria-label', `${copyText} ${element.textContent}`);
    const say = (text) => (button.textContent = text);
    button.addEventListener('click', () => {
      void navigator.clipboard.writeText(element.textContent).then(() => say(copiedText));
      setTimeout(() => say(copyText), 2000);
    });
    element.after(button);
  }
}

/** Reads the page again and replaces one part of it. Not while it is hidden, has the focus or something is selected in it. */
async function refresh(part) {
  const selected = !document.getSelection().isCollapsed;
  if (document.hidden || selected || part.contains(document.activeElement)) return;
  const response = await fetch(location.href, { headers: { accept: 'text/html' } });
  // Signed out, or something is wrong: the page says so.
  if (response.redirected) return location.reload();
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.getElementById(part.id);
  if (!fresh) return;
  const open = [...part.querySelectorAll('details')].map((details) => details.open);
  part.replaceChildren(...fresh.childNodes);
  for (const [at, details] of part.querySelectorAll('details').entries()) details.open = open[at] ?? false;
  addCopyButtons(part);
}

/** Dangerous buttons ask once more. */
function askBefore(form) {
  form.addEventListener('submit', (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

addCopyButtons(document);
for (const form of document.querySelectorAll('form[data-confirm]')) askBefore(form);
for (const part of document.querySelectorAll('[data-refresh]'))
  setInterval(() => refresh(part).catch(() => undefined), Number(part.dataset.refresh) * 1000);
