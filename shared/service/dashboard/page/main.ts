/** Begins the page: signs in, and shows what each address is for. */
import type { Session } from '../types.ts';
import { getSession, type Problem, problemOf, signOut } from './api.ts';
import { group, h } from './dom.ts';
import { signInView, signInWith } from './pages/sign-in.ts';
import { problemBox } from './problem-box.ts';
import { onNavigate, reload, start } from './router.ts';
import { session, setSession } from './session.ts';

const ROUTES = [
  [/^\/(?:audits)?$/, () => import('./pages/audits.ts')],
  [/^\/audits\/new$/, () => import('./pages/new-audit.ts')],
  [/^\/audits\/(aud_\w+)$/, () => import('./pages/audit.ts')],
  [/^\/keys$/, () => import('./pages/keys.ts')],
  [/^\/webhooks$/, () => import('./pages/webhooks.ts')],
  [/^\/webhooks\/(end_\w+)$/, () => import('./pages/webhook.ts')],
  [/^\/credits$/, () => import('./pages/credits.ts')],
  [/^\/account$/, () => import('./pages/account.ts')],
] as const;

const NAVIGATION = [
  ['/audits', 'Audits'],
  ['/keys', 'Keys'],
  ['/webhooks', 'Webhooks'],
  ['/credits', 'Credits'],
  ['/account', 'Account'],
] as const;

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

/** Why a link did not sign in. */
let refusal: Problem | null = null;

/** Said once. */
function takeRefusal() {
  const problem = refusal;
  refusal = null;
  return problem;
}

function enter(signedIn: Session) {
  setSession(signedIn);
  return reload();
}

function troubleView(problem: Problem) {
  const title = problem.status === 404 ? 'Not found' : 'Something is wrong';
  return { title, body: group(h('h1', null, title), problemBox(problem)) };
}

function showNavigation(path: string) {
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
