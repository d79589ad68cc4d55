// Charts of widgets, drawn by Plotly in place of the server's drawing.
import { written } from "./format.js";
import { colour, colourOf, font, plotly, styledTrace, translucent } from "./library.js";

const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };

const drawn = new Map();

/** Break a text into lines of a maximum length, where its words allow it.
 *  @type {(text: string, most: number) => string} */
const inLines = (text, most) => {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) && (lines.at(-1) ?? "").length + word.length >= most) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) && " ") + word;
  }
  return lines.join("<br>");
};

/** Break a long name after commas, then between words.
 *  @type {(name: string, most: number) => string} */
const broken = (name, most) =>
  name.length <= most ? name : name.split(", ").map((part) => inLines(part, most)).join(",<br>");

/** Break a title to fit the length of its axis.
 *  @type {(title: any, pixels: number) => any} */
const wrapped = (title, pixels) =>
  title?.text ? { ...title, text: inLines(title.text, Math.max(16, Math.floor(pixels / 7.5))) } : title;

const NARROW = 480; // pixels; as in charts.css

/** On narrow charts, break names of bars and of curves into lines.
 *  @type {(styled: Layout, data: Trace[], clientWidth: number) => void} */
const fitNarrow = (styled, data, clientWidth) => {
  if (clientWidth > NARROW) return;
  const names = data.filter((trace) => trace.orientation === "h").flatMap((trace) => trace.y);
  if (names.length) {
    styled.yaxis.tickvals = names;
    styled.yaxis.ticktext = names.map((name) => broken(name, 16));
  }
  const [low, high] = styled.xaxis.range ?? [];
  styled.annotations = styled.annotations?.map((/** @type {any} */ note) => {
    if (note.xanchor !== "left" || high === undefined) return note;
    const pixels = ((high - note.x) / (high - low)) * (clientWidth - 68) + 16 - note.xshift;
    return { ...note, align: "left", text: inLines(note.text, Math.floor(pixels / 6.2)) };
  });
};

/** Ticks at some digits of each power of ten, as dense as a maximum number allows. Plotly would write 2 for 0.02. */
/** @type {(low: number, high: number, most: number) => { tickvals: number[], ticktext: string[] }} */
const logTicks = (low, high, most) => {
  /** @type {(digits: number[]) => boolean} */
  const fits = (digits) => {
    const steps = digits.map((digit, i) => Math.log10((digits[i + 1] ?? 10) / digit));
    return (Math.min(...steps) * most) / Math.log10(high / low) >= 1.05;
  };
  const digits = [[1, 2, 5], [1, 3]].find(fits) ?? [1];
  const powers = Array.from({ length: 24 }, (_, i) => i - 12);
  const tickvals = powers
    .flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)))
    .filter((value) => value >= low && value <= high);
  return { tickvals, ticktext: tickvals.map((value) => (value < 1000 ? String(value) : written(value, "count"))) };
};

/** @type {(layout: Layout, data: Trace[], chart: HTMLElement) => Layout} */
const styledLayout = (layout, data, { clientWidth, clientHeight }) => {
  const axis = (/** @type {any} */ own = {}, length = clientHeight - 45) => ({
    gridcolor: colour("--rule"),
    zerolinecolor: colour("--rule-strong"),
    linecolor: colour("--rule-strong"),
    automargin: true,
    fixedrange: true,
    separatethousands: true,
    exponentformat: "none",
    ...own,
    title: { ...wrapped(own.title, length), standoff: 8, font: { size: 13 } },
  });
  /** @type {Layout} */
  const styled = {
    ...layout,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: font("--sans"), size: 13, color: colour("--ink") },
    margin: { l: 52, r: layout.yaxis2 ? 52 : 16, t: 20, b: 44 },
    separators: ".\u2009",
    dragmode: false,
    hovermode: layout.hovermode ?? "closest",
    legend: { orientation: "h", y: -0.24, x: 0, font: { size: 12 }, ...layout.legend },
    xaxis: axis(layout.xaxis, clientWidth - 110),
    yaxis: axis(layout.yaxis),
  };
  // Only the axis with the grid has a zero line.
  if (layout.yaxis2) styled.yaxis2 = { ...axis(layout.yaxis2), zeroline: false };
  // Names of bars need no title, and the space is needed.
  if (data.some((trace) => trace.orientation === "h")) delete styled.yaxis.title;
  if (layout.xaxis.type === "log" && !layout.xaxis.tickvals) {
    const xs = data.flatMap((trace) => [...trace.x]);
    Object.assign(styled.xaxis, logTicks(Math.min(...xs), Math.max(...xs), clientWidth > NARROW ? 8 : 6));
  }
  fitNarrow(styled, data, clientWidth);
  if (labelsItself(data)) {
    styled.showlegend = false;
    fixHeights(data, styled);
    const placed = layout.meta?.names[clientWidth > NARROW ? "wide" : "narrow"];
    styled.annotations = [
      ...(layout.annotations ?? []),
      ...(placed ?? endPlaces(data, styled)).map((/** @type {Place} */ place) => nameAt(place, data)),
    ];
  }
  return styled;
};

// ---- direct labels ---------------------------------------------------------------------------
// Curves and single points are labelled directly; several series of bars and clouds of points have a legend. The
// server has chosen places off all curves (app/charts/names.py), in layout.meta; a figure that is still growing has
// none, and its curves are labelled at their ends.

/** @type {(trace: Trace) => boolean} */
const isNamed = (trace) => trace.showlegend !== false && trace.name !== "";

/** @type {(data: Trace[]) => boolean} */
const labelsItself = (data) =>
  data.every((trace) => trace.type === "scatter" && (trace.mode === "lines" || trace.x.length === 1));

/** The anchor of a label: the peak of a distribution, the point, or the end of a curve.
 *  @type {(trace: Trace) => number} */
const placeOf = (trace) => {
  const along = trace.fill === "tozeroy" ? trace.y : trace.x;
  return along.indexOf(Math.max(...along));
};

/** The range of an axis over all its traces, with space above and below.
 *  @type {(data: Trace[], axis: string) => number[]} */
const rangeOf = (data, axis) => {
  const values = data.filter((trace) => (trace.yaxis ?? "y") === axis).flatMap((trace) => [...trace.y]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const air = 0.09 * (high - low || 1);
  return [low - air, high + air];
};

/** Offset of a label above its point, as a fraction of the height.
 *  @type {(trace: Trace) => number} */
const lift = (trace) => (trace.mode === "lines" ? 0.045 : 0.065);

/** @typedef {{ trace: number, text: string, x: number, y: number, [more: string]: any }} Place */

const LEAST_DISTANCE = 0.075; // between two labels, as a fraction of the height

/** Fix the ranges of the y axes, so that positions of labels are known.
 *  @type {(data: Trace[], layout: Layout) => void} */
const fixHeights = (data, layout) => {
  layout.yaxis.range ??= rangeOf(data, "y");
  if (layout.yaxis2) layout.yaxis2.range ??= rangeOf(data, "y2");
};

/** Positions at the ends of curves that do not overlap.
 *  @type {(data: Trace[], layout: Layout) => Place[]} */
const endPlaces = (data, layout) => {
  /** @type {Record<string, number[]>} */
  const heights = { y: layout.yaxis.range, y2: layout.yaxis2?.range };
  const logarithmic = layout.xaxis.type === "log";
  /** @type {(x: number) => number} */
  const atX = (x) => (logarithmic ? Math.log10(x) : x);
  const xs = data.flatMap((trace) => [...trace.x]).map(atX);
  const [left, right] = layout.xaxis.range ?? [Math.min(...xs), Math.max(...xs)];

  const named = data.flatMap((trace, number) => {
    if (!isNamed(trace)) return [];
    const place = placeOf(trace);
    const [low, high] = heights[trace.yaxis ?? "y"];
    return { trace: number, x: atX(trace.x[place]), height: (trace.y[place] - low) / (high - low) + lift(trace) };
  });
  named.sort((one, other) => one.height - other.height);
  let lowest = -Infinity;
  for (const label of named) {
    label.height = Math.max(label.height, lowest + LEAST_DISTANCE);
    lowest = label.height;
  }
  // If labels were pushed out at the top, move them down again.
  let highest = 1 + LEAST_DISTANCE / 2;
  for (const label of named.toReversed()) {
    label.height = Math.min(label.height, highest);
    highest = label.height - LEAST_DISTANCE;
  }
  return named.map(({ trace, x, height }) => {
    const share = (x - left) / (right - left || 1);
    const xanchor = share > 0.75 ? "right" : share < 0.25 ? "left" : "center";
    return { trace, text: data[trace].name, x, xref: "x", xanchor, xshift: share < 0.25 ? 8 : 0, y: height };
  });
};

/** The annotation for a trace's label.
 *  @type {(place: Place, data: Trace[]) => object} */
const nameAt = ({ trace, ...place }, data) => ({
  xref: "paper",
  ...place,
  yref: "paper",
  yanchor: "middle",
  showarrow: false,
  font: { color: colourOf(data[trace]), size: 13 },
  bgcolor: translucentPaper(),
});

const translucentPaper = () => translucent(colour("--surface"), 0.75);

/** The element that Plotly draws into, hidden over the server's drawing until it can replace it.
 *  @type {(element: HTMLElement) => any} */
const stageOf = (element) => {
  const there = element.querySelector(":scope > .stage");
  if (there) return there;
  const stage = document.createElement("div");
  stage.className = "stage";
  element.append(stage);
  return stage;
};

/** Give Plotly's drawing a view box, so that it scales to paper of another width.
 *  @type {(stage: HTMLElement) => void} */
const scaleOnPaper = (stage) => {
  for (const svg of stage.querySelectorAll(".main-svg")) {
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  }
};

/** Wait for the next animation frame, or for a tenth of a second in a hidden page. */
export const nextFrame = () =>
  new Promise((resolve) => {
    requestAnimationFrame(resolve);
    setTimeout(resolve, 100);
  });

// ---- points that move ------------------------------------------------------------------------
// Plotly takes longer than a frame for any change. While a slider is dragged and only points move, they are moved in
// its SVG, and Plotly is updated once they rest.

const REST_MS = 150;
const settled = new WeakMap();

/** @type {(trace: Trace) => boolean} */
const isPoint = (trace) => trace.type === "scatter" && trace.mode === "markers" && trace.x.length === 1;

/** Everything about a figure except the positions of its points; null if its axes depend on them.
 *  @type {(figure: Figure) => string | null} */
const stillOf = ({ data, layout }) => {
  if (!layout.xaxis.range || !labelsItself(data)) return null;
  const heights = ["y", layout.yaxis2 && "y2"].filter(Boolean).map((axis) => rangeOf(data, axis));
  return JSON.stringify([layout, heights, data.map((trace) => (isPoint(trace) ? { ...trace, x: 0, y: 0 } : trace))]);
};

/** Move the points in Plotly's SVG; false if its structure is unknown.
 *  @type {(stage: any, data: Trace[]) => boolean} */
const movePoints = (stage, data) => {
  const places = data.flatMap((trace, number) => {
    if (!isPoint(trace)) return [];
    const { _fullData: traces, _fullLayout: layout } = stage;
    const point = stage.querySelector(`.trace${traces?.[number]?.uid} .point`);
    const [xaxis, yaxis] = [layout?.xaxis, layout?.[`yaxis${(trace.yaxis ?? "y").slice(1)}`]];
    return [{ point, x: xaxis?.d2p?.(trace.x[0]), y: yaxis?.d2p?.(trace.y[0]) }];
  });
  if (places.some(({ point, x, y }) => !point || !Number.isFinite(x) || !Number.isFinite(y))) return false;
  for (const { point, x, y } of places) point.setAttribute("transform", `translate(${x},${y})`);
  return true;
};

/** Draw or update a figure.
 *  @type {(element: HTMLElement, figure: Figure) => Promise<void>} */
export const draw = async (element, figure) => {
  drawn.set(element, figure);
  await plotly();
  if (drawn.get(element) !== figure) return; // a newer one arrived while Plotly was loading
  const stage = stageOf(element);
  const isNew = !stage.on; // Plotly adds it
  const still = stillOf(figure);
  if (!isNew && still && still === settled.get(element) && movePoints(stage, figure.data)) {
    setTimeout(() => {
      if (drawn.get(element) === figure && element.isConnected) redraw(element, figure);
    }, REST_MS);
    return;
  }
  await redraw(element, figure);
  if (isNew) stage.on("plotly_afterplot", () => scaleOnPaper(stage));
  element.querySelector(":scope > .drawing")?.remove();
};

/** Let Plotly draw a whole figure.
 *  @type {(element: HTMLElement, figure: Figure) => Promise<void>} */
const redraw = async (element, figure) => {
  const Plotly = await plotly();
  const stage = stageOf(element);
  settled.set(element, stillOf(figure));
  await Plotly.react(stage, figure.data.map(styledTrace), styledLayout(figure.layout, figure.data, element), CONFIG);
  scaleOnPaper(stage);
};

document.addEventListener("themechange", () => {
  for (const [element, figure] of drawn) if (element.isConnected) redraw(element, figure);
});
