// Create elements from text and attributes only: no markup is ever parsed.

/** @type {<E extends Element>(made: E, text: string, attributes: Record<string, string>) => E} */
const filled = (made, text, attributes) => {
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

/** @type {<K extends keyof HTMLElementTagNameMap>(tag: K, text?: string, attributes?: Record<string, string>) => HTMLElementTagNameMap[K]} */
export const element = (tag, text = "", attributes = {}) => filled(document.createElement(tag), text, attributes);

/** The same for SVG elements.
 *  @type {(tag: string, text?: string, attributes?: Record<string, string>) => Element} */
export const drawn = (tag, text = "", attributes = {}) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", tag), text, attributes);

/** @type {<K extends keyof HTMLElementTagNameMap>(tag: K, children: (string | Node)[], attributes?: Record<string, string>) => HTMLElementTagNameMap[K]} */
export const parent = (tag, children, attributes = {}) => {
  const made = element(tag, "", attributes);
  made.append(...children);
  return made;
};

/** A table row; the first cell is its header.
 *  @type {(cells: string[]) => HTMLTableRowElement} */
export const tableRow = ([name, ...cells]) =>
  parent("tr", [element("th", name, { scope: "row" }), ...cells.map((cell) => element("td", cell))]);
