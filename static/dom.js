// Elements made by script, from text and attributes only: no markup is ever parsed.

export const element = (tag, text = "", attributes = {}) => {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

export const parent = (tag, children, attributes = {}) => {
  const made = element(tag, "", attributes);
  made.append(...children);
  return made;
};

/** A row of a table; the first of its cells names it. */
export const tableRow = ([name, ...cells]) =>
  parent("tr", [element("th", name, { scope: "row" }), ...cells.map((cell) => element("td", cell))]);
