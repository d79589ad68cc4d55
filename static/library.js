// Plotly, loaded when first needed, and the colors of its drawings in the page's theme: figures come from the server
// without a template, and each trace's role (its meta) decides its color.
import { script } from "./server.js";

/** @type {Promise<any> | null} */
let loading = null;

/** The library; a failed load is tried again. */
export const plotly = () => {
  // The UMD file sets window.Plotly.
  loading ??= script("vendor/plotly-basic.min.js").then(() => window.Plotly);
  loading.catch(() => {
    loading = null;
  });
  return loading;
};

/** @type {Record<string, string>} */
const ROLE_COLORS = {
  reference: "--reference",
  reward: "--reference",
  true: "--true-quality",
  optimised: "--optimised",
  rejected: "--rejected",
  kl: "--rejected",
  other: "--muted",
};

// The computed value of a token: reading it as a color resolves light-dark() and the like.
const probe = document.createElement("span");
probe.hidden = true;
probe.style.forcedColorAdjust = "none"; // roles keep their colors under forced colors
document.body.append(probe);

/** @type {(name: string) => string} */
export const color = (name) => {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
};

/** @type {(name: string) => string} */
export const font = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** @type {(trace: Trace) => string} */
const colorOf = (trace) => color(ROLE_COLORS[trace.meta ?? ""] ?? "--muted");

/** @type {(rgb: string, opacity: number) => string} */
const translucent = (rgb, opacity) => rgb.replace("rgb(", "rgba(").replace(")", `, ${opacity})`);

/** @type {(trace: Trace) => Trace} */
export const styledTrace = (trace) => {
  const own = colorOf(trace);
  /** @type {Trace} */
  const styled = { ...trace, hoverlabel: { namelength: -1 } };
  if (trace.line) styled.line = { ...trace.line, color: own };
  if (trace.marker) styled.marker = { ...trace.marker, color: own };
  // The area below a curve gets its color; the band between two curves keeps the given one.
  if (trace.fill === "tozeroy") styled.fillcolor = translucent(own, 0.2);
  for (const axis of ["error_x", "error_y"]) {
    if (trace[axis]) styled[axis] = { ...trace[axis], color: color("--ink"), thickness: 1.2, width: 4 };
  }
  return styled;
};
