/** Shows what is at an address, and follows links within the page. */
import type { View } from '../types.ts';
import { h } from './dom.ts';

type Find = (url: URL) => Promise<View> | View;

let find: Find = () => ({ title: '', body: h('p') });
let leave: (() => void) | undefined;
/** Counts navigations: of two that are on their way, the later one is shown. */
let turn = 0;

/** Says what is at an address. */
export function onNavigate(finder: Find) {
  find = finder;
}

/** Shows what is at the present address, and from now on what links lead to. */
export async function start() {
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href);
    const isOurs = url.origin === location.origin && !url.pathname.startsWith('/v1/');
    if (!isOurs || link.target || link.hasAttribute('download')) return;
    if (url.hash !== '' && url.pathname === location.pathname) return;
    event.preventDefault();
    void go(url.pathname + url.search);
  });
  addEventListener('popstate', (event) => {
    if (event.state !== null) void show({ focus: true });
  });
  history.replaceState({}, '');
  await show({ focus: false });
}

export async function go(address: string, { replace = false }: { replace?: boolean } = {}) {
  history[replace ? 'replaceState' : 'pushState']({}, '', address);
  await show({ focus: true });
  scrollTo(0, 0);
}

/** What is at the present address, made anew. */
export const reload = () => show({ focus: true });

async function show({ focus }: { focus: boolean }) {
  turn += 1;
  const mine = turn;
  const url = new URL(location.href);
  const main = document.getElementById('main');
  if (!main) return;
  main.setAttribute('aria-busy', 'true');
  const view = await find(url);
  if (mine !== turn) return view.leave?.();
  leave?.();
  leave = view.leave;
  document.title = `${view.title} - Rewound`;
  main.replaceChildren(view.body);
  main.removeAttribute('aria-busy');
  const heading = main.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  if (focus) heading?.focus({ preventScroll: true });
}
