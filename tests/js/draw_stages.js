// Draws the stages of a JSON list on standard input, each {scene, how}, and writes their markup as a JSON list.
import { readFileSync } from "node:fs";
import { Drawing, pieces } from "../../static/stage.js";

/** @type {(text: string) => string} */
const escaped = (text) =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&#34;")
    .replaceAll("'", "&#39;");

/** @type {(piece: { text: string, dy: number }) => string} */
const span = ({ text, dy }) => {
  if (!dy) return escaped(text);
  return `<tspan dy="${dy}"${dy > 0 ? ' font-size="78%"' : ""}>${escaped(text)}</tspan>`;
};

/** @type {(node: import("../../static/stage.js").Node) => string} */
const markup = ({ tag, attributes, children, text }) => {
  const given = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  const inside = tag === "text" ? pieces(text).map(span) : children.map(markup);
  return `<${tag}${given.join("")}>${inside.join("")}</${tag}>`;
};

const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(
  JSON.stringify(asked.map((/** @type {any} */ { scene, how }) => new Drawing(scene, how).nodes().map(markup).join(""))),
);
