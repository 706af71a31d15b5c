import type { Page } from 'playwright-core';

/** Runs in the page: what would be in the way of somebody who does not see it, or has no mouse. */
const FAULTS = `(() => {
  const faults = [];
  const shown = (element) => element.getClientRects().length > 0;
  const say = (element, what) => faults.push(what + ': ' + element.outerHTML.slice(0, 120));
  const textOf = (ids) => ids.split(/\\s+/).map((id) => document.getElementById(id)?.textContent.trim() ?? '').join(' ').trim();
  const nameOf = (element) => {
    const by = element.getAttribute('aria-labelledby');
    if (by) return textOf(by);
    const label = element.getAttribute('aria-label');
    if (label) return label;
    if (element.labels?.length) return [...element.labels].map((one) => one.textContent).join(' ').trim();
    if (element.title) return element.title;
    return element.matches('button, a, summary') ? element.textContent.trim() : '';
  };
  for (const element of document.querySelectorAll('a[href], button, input, select, textarea, summary, progress, iframe, dialog, form + section')) {
    if (shown(element) && nameOf(element) === '') say(element, 'no name');
  }
  for (const element of document.querySelectorAll('[aria-labelledby], [aria-describedby]')) {
    for (const attribute of ['aria-labelledby', 'aria-describedby']) {
      for (const id of element.getAttribute(attribute)?.split(/\\s+/) ?? []) if (!document.getElementById(id)) say(element, 'names nothing');
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push('id twice: ' + id);
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')].filter(shown).map((heading) => Number(heading.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1 || levels[0] !== 1) faults.push('headings: ' + levels);
  levels.forEach((level, i) => { if (i > 0 && level > levels[i - 1] + 1) faults.push('a heading is skipped: ' + levels); });
  for (const table of document.querySelectorAll('table')) if (!table.caption || !table.querySelector('th[scope]')) say(table, 'a table without caption or heads');
  for (const radios of document.querySelectorAll('input[type=radio]')) if (!radios.closest('fieldset')?.querySelector('legend')) say(radios, 'no legend');
  for (const image of document.querySelectorAll('img:not([alt])')) say(image, 'no alt');
  for (const element of document.querySelectorAll('[tabindex]')) if (Number(element.getAttribute('tabindex')) > 0) say(element, 'an order of its own');
  for (const element of document.querySelectorAll('button, .button, select, .field input')) {
    if (!shown(element)) continue;
    const box = element.getBoundingClientRect();
    if (box.height < 24) say(element, 'smaller than 24 px');
  }
  if (document.documentElement.lang === '') faults.push('no language');
  if (document.title === '' || document.title === 'Rewound') faults.push('no title');
  if (document.querySelectorAll('main').length !== 1) faults.push('not one main');
  return faults;
})()`;

/** What is wrong with a page for somebody who cannot see it or has no mouse. Empty is good. */
export async function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(FAULTS);
}
