/** Makes elements, whose text is never read as HTML. */
export type Child = Node | string | number | null | undefined | false;
export type Properties = Record<string, string | number | boolean | null | undefined | ((event: Event) => unknown)>;

/**
 * An element. Whatever is said of it stays text: attributes are set as attributes, children as nodes, and nothing is
 * ever read as HTML. What begins with `on` is a listener.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties?: Properties | null,
  ...children: (Child | readonly Child[])[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...nodes(children));
  return element;
}

/** Elements without one around them. */
export function group(...children: (Child | readonly Child[])[]) {
  const fragment = document.createDocumentFragment();
  fragment.append(...nodes(children));
  return fragment;
}

function nodes(children: readonly (Child | readonly Child[])[]): (Node | string)[] {
  return children.flat().flatMap((child) => {
    if (child === null || child === undefined || child === false) return [];
    return [typeof child === 'number' ? String(child) : child];
  });
}

let last = 0;

/** An id for `for` and `aria-describedby`. */
export function newId() {
  last += 1;
  return `i${last}`;
}

/** Tells whoever listens to the page rather than looks at it. */
export function announce(text: string) {
  const status = document.getElementById('status');
  if (status && status.textContent !== text) status.textContent = text;
}
