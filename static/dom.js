// Elements made by script, from text and attributes only: no markup is ever parsed.

const filled = (made, text, attributes) => {
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

export const element = (tag, text = "", attributes = {}) => filled(document.createElement(tag), text, attributes);

/** The same within a drawing. */
export const drawn = (tag, text = "", attributes = {}) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", tag), text, attributes);

export const parent = (tag, children, attributes = {}) => {
  const made = element(tag, "", attributes);
  made.append(...children);
  return made;
};

/** A row of a table; the first of its cells names it. */
export const tableRow = ([name, ...cells]) =>
  parent("tr", [element("th", name, { scope: "row" }), ...cells.map((cell) => element("td", cell))]);
