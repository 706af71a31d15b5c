import { getSession, problemOf, signOut } from './api.js';
import { group, h } from './dom.js';
import { signInView, signInWith } from './pages/sign-in.js';
import { problemBox } from './problem-box.js';
import { onNavigate, reload, start } from './router.js';
import { session, setSession } from './session.js';

const ROUTES = /** @type {const} */ ([
  [/^\/(?:audits)?$/, () => import('./pages/audits.js')],
  [/^\/audits\/new$/, () => import('./pages/new-audit.js')],
  [/^\/audits\/(aud_\w+)$/, () => import('./pages/audit.js')],
  [/^\/keys$/, () => import('./pages/keys.js')],
  [/^\/webhooks$/, () => import('./pages/webhooks.js')],
  [/^\/webhooks\/(end_\w+)$/, () => import('./pages/webhook.js')],
  [/^\/credits$/, () => import('./pages/credits.js')],
  [/^\/account$/, () => import('./pages/account.js')],
]);

const NAVIGATION = /** @type {const} */ ([
  ['/audits', 'Audits'],
  ['/keys', 'Keys'],
  ['/webhooks', 'Webhooks'],
  ['/credits', 'Credits'],
  ['/account', 'Account'],
]);

onNavigate(async (url) => {
  showNavigation(url.pathname);
  if (!session()) return signInView(enter, takeRefusal());
  for (const [pattern, load] of ROUTES) {
    const [, id] = pattern.exec(url.pathname) ?? [];
    if (!pattern.test(url.pathname)) continue;
    try {
      const { view } = await load();
      return await view({ id: id ?? '', search: url.searchParams });
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.status !== 401) return troubleView(problem);
      setSession(null);
      showNavigation(url.pathname);
      return signInView(enter);
    }
  }
  return { title: 'Nothing here', body: h('h1', null, 'There is nothing at this address') };
});

/** @type {import('./api.js').Problem | null} Why a link did not sign in. */
let refusal = null;

/** Said once. */
function takeRefusal() {
  const problem = refusal;
  refusal = null;
  return problem;
}

/** @param {import('../types.ts').Session} signedIn */
function enter(signedIn) {
  setSession(signedIn);
  return reload();
}

/** @param {import('./api.js').Problem} problem */
function troubleView(problem) {
  const title = problem.status === 404 ? 'Not found' : 'Something is wrong';
  return { title, body: group(h('h1', null, title), problemBox(problem)) };
}

/** @param {string} path */
function showNavigation(path) {
  const navigation = document.querySelector('.masthead nav');
  if (!(navigation instanceof HTMLElement)) return;
  navigation.hidden = !session();
  navigation.replaceChildren(
    ...NAVIGATION.map(([address, name]) => {
      const here = path === address || path.startsWith(`${address}/`) || (path === '/' && address === '/audits');
      return h('a', { href: address, 'aria-current': here && (path === address ? 'page' : 'true') }, name);
    }),
    h('button', { type: 'button', class: 'plain', onclick: leave }, 'Sign out'),
  );
}

async function leave() {
  // Should the service not hear of it, the cookie ends by itself.
  await signOut().catch(() => undefined);
  location.assign('/');
}

/**
 * A link may bring a sign-in code along. It goes from the address before anything else: from the history, and from what
 * is copied. A key, which links of earlier versions held, goes too, and opens nothing.
 */
async function codeFromAddress() {
  const link = new URLSearchParams(location.hash.slice(1));
  const code = link.get('code');
  if (code === null && !link.has('key')) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return code === null ? null : signInWith({ code });
}

async function begin() {
  try {
    setSession((await codeFromAddress()) ?? (await getSession()));
  } catch (thrown) {
    setSession(null);
    refusal = problemOf(thrown);
  }
  // Where Stripe sends whoever has paid, or has not.
  const paid = new URLSearchParams(location.search).get('checkout');
  if (paid !== null && location.pathname === '/') history.replaceState(null, '', `/credits?checkout=${paid}`);
  await start();
}

void begin();
