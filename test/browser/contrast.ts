import type { Page } from 'playwright-core';

/** Runs in the page: all text with its colour, the ground it stands on, and whether WCAG counts it as large. */
const TEXTS = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(colour) && colour !== 'transparent') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === '' || element.closest('title, desc, style') || element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    found.push({
      text,
      colour: element.closest('svg') ? style.fill : style.color,
      ground: ground(element),
      large: size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700),
    });
  }
  return found;
})()`;

interface Text {
  readonly text: string;
  readonly colour: string;
  readonly ground: string;
  readonly large: boolean;
}

/** The texts of a page that miss 4.5:1 (3:1 where large), with their contrast. Empty is good. It has `least` texts. */
export async function lowContrast(page: Page, least = 50): Promise<string[]> {
  const texts: Text[] = await page.evaluate(TEXTS);
  if (texts.length < least) throw new Error('The page holds hardly any text.');
  return texts.flatMap(({ text, colour, ground, large }) => {
    const ratio = contrast(colour, ground);
    return ratio >= (large ? 3 : 4.5) ? [] : [`${ratio.toFixed(2)} ${colour} on ${ground}: ${text}`];
  });
}

/** WCAG 2.2, relative luminance of sRGB and their ratio. */
function contrast(first: string, second: string): number {
  const [low, high] = [luminance(first), luminance(second)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
