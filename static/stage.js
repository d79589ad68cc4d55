// Draws a stage (app/charts/stage.py) at any width: the same elements as app/charts/stage_svg.py, which a test
// compares. Without a document, it is still able to say what it would draw.
import { widthOf } from "./text_width.js";

/** @typedef {Record<string, any>} Scene */
/** @typedef {[number, number]} Pixels */
/** @typedef {{ tag: string, attributes: Record<string, string>, children: Node[], text: string }} Node */
/** @typedef {{ width: number, narrow: boolean, at: number, asking: boolean, held: string[], focused?: number }} How */

const NAME = [15, 14];
const TEXT = [13.5, 13];

/** A value at a place of the scrub.
 *  @type {(value: any, at: number) => any} */
export const resolved = (value, at) => {
  if (value === null || typeof value !== "object" || !("at" in value) || Array.isArray(value)) return value;
  const found = value.at[Math.max(0, Math.min(at, value.at.length - 1))];
  if (!value.forms) return found;
  const [form, ...words] = found.split(" ");
  return value.forms[form].replace(/\{\}/g, () => words.shift());
};

/** @type {(value: number) => string} */
const written = (value) => String(Math.floor(value * 10 + 0.5) / 10 + 0);

/** @type {(points: Pixels[]) => string} */
const joined = (points) => points.map(([x, y]) => `${written(x)} ${written(y)}`).join("L");

/** @type {(tag: string, attributes: Record<string, string>, children?: Node[], text?: string) => Node} */
const node = (tag, attributes, children = [], text = "") => ({ tag, attributes, children, text });

/** @type {(mark: Scene, narrow: boolean, asking: boolean) => boolean} */
const shown = ({ only, when }, narrow, asking) =>
  !(only && (only === "narrow") !== narrow) && !(when && (when === "asking") !== asking);

export class Drawing {
  /** @type {Pixels[]} */
  #busy = [];
  #which;
  #at;

  /** @param {Scene} scene @param {How} how */
  constructor(scene, how) {
    this.scene = scene;
    this.how = how;
    this.#which = how.narrow ? 1 : 0;
    this.#at = how.asking && scene.known >= 0 ? Math.min(how.at, scene.known) : how.at;
  }

  /** @returns {Node[]} */
  nodes() {
    const { narrow, asking } = this.how;
    /** @type {Record<string, (mark: Scene) => Node[]>} */
    const draw = {
      line: (mark) => this.#line(mark),
      curve: (mark) => this.#curve(mark),
      area: (mark) => this.#area(mark),
      arrow: (mark) => this.#arrow(mark),
      circle: (mark) => this.#circle(mark),
      dots: (mark) => this.#dots(mark),
      rect: (mark) => this.#rect(mark),
      path: (mark) => this.#path(mark),
      text: (mark) => this.#text(mark),
    };
    const marks = this.scene.marks.filter((/** @type {Scene} */ mark) => shown(mark, narrow, asking));
    const drawn = marks.flatMap((/** @type {Scene} */ mark) => (mark.k === "name" ? [] : draw[mark.k](mark)));
    const knobs = this.scene.handles.flatMap((/** @type {Scene} */ handle, /** @type {number} */ number) =>
      shown(handle, narrow, asking) ? [this.#knob(number, handle)] : [],
    );
    const names = marks.flatMap((/** @type {Scene} */ mark) => (mark.k === "name" ? this.#name(mark) : []));
    return [...drawn, ...names, ...knobs];
  }

  /** A point in pixels.
   *  @param {any} pt @returns {Pixels} */
  px(pt) {
    const [panel, x, y, dx = 0, dy = 0] = resolved(pt, this.#at);
    const [ls, lp, , , top, bottom] = resolved(this.scene.panels[panel][this.#which], this.#at);
    const left = ls * this.how.width + lp;
    return [left + x * this.#across(panel) + dx, bottom - y * (bottom - top) + dy];
  }

  /** The point of the axis below a point.
   *  @param {any} pt */
  #foot(pt) {
    return [...resolved(pt, this.#at).slice(0, 2), 0];
  }

  /** Where the knob of a handle stands, in pixels.
   *  @param {Scene} handle */
  knob({ pt, track }) {
    return this.px(pt ?? { at: track });
  }

  /** Width of a panel in pixels.
   *  @param {number} panel @returns {number} */
  #across(panel) {
    const [ls, lp, rs, rp] = resolved(this.scene.panels[panel][this.#which], this.#at);
    return rs * this.how.width + rp - ls * this.how.width - lp;
  }

  // ---- what names keep off ---------------------------------------------------------------------

  /** @param {Pixels[]} points */
  #keep(points) {
    this.#busy.push(...points.slice(0, 1));
    for (let i = 1; i < points.length; i += 1) {
      const [[x0, y0], [x, y]] = [points[i - 1], points[i]];
      const count = Math.ceil(Math.sqrt((x - x0) ** 2 + (y - y0) ** 2) / 5) || 1;
      for (let k = 1; k <= count; k += 1) {
        this.#busy.push([x0 + ((x - x0) * k) / count, y0 + ((y - y0) * k) / count]);
      }
    }
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  #keepBox(x, y, width, height) {
    for (let i = 0; i < width / 8 + 1; i += 1) {
      for (let j = 0; j < height / 8 + 1; j += 1) this.#busy.push([x + Math.min(8 * i, width), y + Math.min(8 * j, height)]);
    }
  }

  /** @param {string} text @param {number} x @param {number} y @param {string} anchor @param {boolean} name
   *  @returns {[number, number, number, number]} */
  #box(text, x, y, anchor, name) {
    const size = (name ? NAME : TEXT)[this.#which];
    const width = widthOf(text, size, name);
    const left = x - (anchor === "start" ? 0 : anchor === "middle" ? width / 2 : width);
    return [left, y - 0.8 * size, width, 1.05 * size];
  }

  // ---- marks -----------------------------------------------------------------------------------

  /** @param {Scene} mark */
  #line(mark) {
    const [[x1, y1], [x2, y2]] = [this.px(mark.a), this.px(mark.b ?? this.#foot(mark.a))];
    if (!mark.c.includes("grid")) this.#keep([[x1, y1], [x2, y2]]);
    return [node("line", { class: mark.c, x1: written(x1), y1: written(y1), x2: written(x2), y2: written(y2) })];
  }

  /** @param {Scene} mark */
  #curve(mark) {
    const [xs, ys] = [resolved(mark.x, this.#at), resolved(mark.y, this.#at)];
    const points = this.#cut(
      xs.map((/** @type {number} */ x, /** @type {number} */ i) => this.px([mark.p, x, ys[i]])),
      mark.cut,
    );
    if (points.length < 2) return [];
    if (!mark.free) this.#keep(points);
    return [node("path", { class: mark.c, d: `M${joined(points)}` })];
  }

  /** @param {any[]} points @param {any} given */
  #cut(points, given) {
    const cut = resolved(given, this.#at);
    if (typeof cut === "number") return points.slice(0, cut + 1);
    if (cut === "to") return points.slice(0, this.#at + 1);
    if (cut === "from") return points.slice(this.#at);
    if (cut === "known" && this.how.asking && this.scene.known >= 0) return points.slice(0, this.scene.known + 1);
    return points;
  }

  /** @param {Scene} mark */
  #area(mark) {
    const [a, b] = [mark.a, mark.b].map((side) =>
      this.#cut(resolved(side, this.#at), mark.cut).map((pt) => this.px(pt)),
    );
    if (a.length + b.length < 3) return [];
    return [node("path", { class: mark.c, d: `M${joined([...a, ...b.reverse()])}z` })];
  }

  /** @param {Scene} mark */
  #arrow(mark) {
    const [[x1, y1], [x2, y2]] = [this.px(mark.a), this.px(mark.b)];
    const long = Math.sqrt((x2 - x1) ** 2 + (y2 - y1) ** 2);
    if (long < 6) return [];
    this.#keep([[x1, y1], [x2, y2]]);
    const head = Math.min(2 * mark.w + 5, long);
    const [ux, uy] = [(x2 - x1) / long, (y2 - y1) / long];
    const [bx, by, half] = [x2 - ux * head, y2 - uy * head, head * 0.62];
    /** @type {Pixels[]} */
    const tip = [[x2, y2], [bx - uy * half, by + ux * half], [bx + uy * half, by - ux * half]];
    const shaft = {
      class: `shaft ${mark.c}`,
      "stroke-width": String(mark.w),
      x1: written(x1),
      y1: written(y1),
      x2: written(bx + ux),
      y2: written(by + uy),
    };
    return [node("line", shaft), node("path", { class: mark.f, d: `M${joined(tip)}z` })];
  }

  /** @param {Scene} mark */
  #circle(mark) {
    const [x, y] = this.px(mark.pt);
    const r = this.#either(mark.r);
    this.#keepBox(x - r, y - r, 2 * r, 2 * r);
    return [circle(x, y, r, mark.c)];
  }

  /** @param {Scene} mark @returns {Node[]} */
  #dots(mark) {
    const pts = resolved(mark.pts, this.#at);
    let r = this.#either(mark.r);
    if (mark.cell && pts.length) r = Math.min(r, Math.floor(5 * mark.cell * this.#across(pts[0][0]) + 0.5) / 10);
    return pts.map((/** @type {any} */ pt) => circle(...this.px(pt), r, mark.c));
  }

  /** A value that may differ between wide and narrow pages.
   *  @param {any} value @returns {number} */
  #either(value) {
    return Array.isArray(value) ? value[this.#which] : value;
  }

  /** @param {Scene} mark */
  #rect(mark) {
    const [[x1, y1], [x2, y2]] = [this.px(mark.a), this.px(mark.b)];
    const sides = {
      x: written(Math.min(x1, x2)),
      y: written(Math.min(y1, y2)),
      width: written(Math.abs(x2 - x1)),
      height: written(Math.abs(y2 - y1)),
      rx: written(mark.rx ?? 0),
    };
    return [node("rect", { class: mark.c, ...sides })];
  }

  /** @param {Scene} mark */
  #path(mark) {
    const [x, y] = this.px(mark.pt);
    const place = `translate(${written(x)} ${written(y)})`;
    return [node("path", { class: mark.c, d: resolved(mark.d, this.#at), transform: place })];
  }

  /** @param {Scene} mark */
  #text(mark) {
    const text = String(resolved(mark.t, this.#at));
    if (!text) return [];
    const [x, y] = this.px(mark.pt);
    const anchor = mark.anchor ?? "start";
    this.#keepBox(...this.#box(text, x, y, anchor, mark.c.includes("lab")));
    return [textAt(text, x, y, anchor, mark.c)];
  }

  /** @param {Scene} mark */
  #name(mark) {
    const text = String(resolved(mark.t, this.#at));
    if (!text) return [];
    let least = Infinity;
    /** @type {[number, number, string]} */
    let best = [0, 0, ""];
    for (const place of this.#places(mark)) {
      const anchor = place.at(-1);
      const [x, y] = this.px(place.slice(0, -1));
      const [left, top, width, height] = this.#box(text, x, y, anchor, true);
      let crossed = left < 0 || left + width > this.how.width || top < 0 ? 99 : 0;
      for (const [bx, by] of this.#busy) {
        if (left - 4 < bx && bx < left + width + 4 && top - 2 < by && by < top + height + 2) crossed += 1;
      }
      if (crossed < least) [least, best] = [crossed, [x, y, anchor]];
      if (!crossed) break;
    }
    if (mark.maybe && least) return [];
    const [x, y, anchor] = best;
    this.#keepBox(...this.#box(text, x, y, anchor, true));
    return [textAt(text, x, y, anchor, mark.c)];
  }

  /** Where a name may stand: at given places, or at the sides of a point.
   *  @param {Scene} mark @returns {any[][]} */
  #places(mark) {
    if (!mark.pt) return resolved(mark.places, this.#at);
    const pt = resolved(mark.pt, this.#at).slice(0, 3);
    return mark.sides.map((/** @type {any[]} */ side) => [...pt, ...side]);
  }

  // ---- handles ---------------------------------------------------------------------------------

  /** @param {number} number @param {Scene} handle */
  #knob(number, handle) {
    const [x, y] = this.knob(handle);
    this.#keepBox(x - 12, y - 12, 24, 24);
    const { r = 10, grip = 1, params } = handle;
    const role = resolved(handle.role, this.#at);
    const lies = this.how.asking || params.some((/** @type {string} */ name) => this.how.held.includes(name));
    const circles = [...(lies ? [] : [["22", `halo f-${role}`]]), [String(r + 5), "ring"], [String(r), `knob f-${role}`]];
    const inside = circles.map(([size, css]) => node("circle", { class: css, r: size }));
    if (grip) {
      for (const d of ["-2.6", "2.6"]) inside.push(node("line", { class: "grip", x1: d, y1: "-3.6", x2: d, y2: "3.6" }));
    }
    const place = `translate(${written(x)} ${written(y)})`;
    const css = `handle${lies ? " still" : ""}${number === this.how.focused ? " focus" : ""}`;
    return node("g", { class: css, "data-h": String(number), transform: place }, inside);
  }
}

/** @type {(x: number, y: number, r: number, css: string) => Node} */
const circle = (x, y, r, css) => node("circle", { class: css, cx: written(x), cy: written(y), r: String(r) });

/** @type {(text: string, x: number, y: number, anchor: string, css: string) => Node} */
const textAt = (text, x, y, anchor, css) =>
  node("text", { class: css, x: written(x), y: written(y), "text-anchor": anchor }, [], text);

/** A text in pieces, with each subscript such as that of y_w.
 *  @type {(text: string) => { text: string, dy: number }[]} */
export const pieces = (text) =>
  text
    .split(/_([\p{L}\p{N}_])(?![\p{L}\p{N}_])/u)
    .map((part, number) => ({ text: part, dy: number % 2 ? 3 : number ? -3 : 0 }))
    .filter((piece) => piece.text);

// ---- into the document ---------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";

/** Make the elements of `parent` those of `nodes`, changing only what differs.
 *  @type {(parent: any, nodes: Node[]) => void} */
export const patch = (parent, nodes) => {
  nodes.forEach((wanted, number) => {
    let there = parent.children[number];
    if (there?.tagName !== wanted.tag) {
      const made = document.createElementNS(SVG, wanted.tag);
      if (there) there.replaceWith(made);
      else parent.append(made);
      there = made;
    }
    for (const { name } of [...there.attributes]) if (!(name in wanted.attributes)) there.removeAttribute(name);
    for (const [name, value] of Object.entries(wanted.attributes)) {
      if (there.getAttribute(name) !== value) there.setAttribute(name, value);
    }
    if (wanted.tag === "text") write(there, wanted.text);
    else patch(there, wanted.children);
  });
  while (parent.children.length > nodes.length) parent.lastElementChild.remove();
};

/** @type {WeakMap<Element, string>} */
const says = new WeakMap();

/** @type {(element: any, text: string) => void} */
const write = (element, text) => {
  if (says.get(element) === text) return;
  says.set(element, text);
  element.replaceChildren();
  for (const { text: part, dy } of pieces(text)) {
    if (!dy) {
      element.append(part);
      continue;
    }
    const span = document.createElementNS(SVG, "tspan");
    span.setAttribute("dy", String(dy));
    if (dy > 0) span.setAttribute("font-size", "78%");
    span.textContent = part;
    element.append(span);
  }
};
