// The only file that knows Plotly. Figures come from the server without a template; colours, fonts
// and grid are those of the page's theme, and each trace's role (its meta) decides its colour.

const ROLE_COLOURS = {
  reference: "--reference",
  reward: "--reference",
  true: "--true-quality",
  optimised: "--optimised",
  rejected: "--rejected",
  kl: "--rejected",
  other: "--muted",
};

const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };

const drawn = new Map();
let loading = null;

const plotly = () => {
  // The UMD file sets window.Plotly.
  loading ??= import("./vendor/plotly-basic.min.js").then(() => window.Plotly);
  return loading;
};

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const styledTrace = (trace) => {
  const colour = token(ROLE_COLOURS[trace.meta] ?? "--muted");
  const styled = { ...trace, hoverlabel: { namelength: -1 } };
  if (trace.line) styled.line = { ...trace.line, color: colour };
  if (trace.marker) styled.marker = { ...trace.marker, color: colour };
  if (trace.fillcolor) styled.fillcolor = `color-mix(in srgb, ${colour} 18%, transparent)`;
  for (const axis of ["error_x", "error_y"]) {
    if (trace[axis]) styled[axis] = { ...trace[axis], color: token("--ink"), thickness: 1.2, width: 4 };
  }
  return styled;
};

const styledLayout = (layout) => {
  const axis = (own = {}) => ({
    gridcolor: token("--rule"),
    zerolinecolor: token("--rule-strong"),
    linecolor: token("--rule-strong"),
    automargin: true,
    fixedrange: true,
    ...own,
    title: { ...own.title, standoff: 8, font: { size: 13 } },
  });
  const styled = {
    ...layout,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: token("--sans"), size: 13, color: token("--ink") },
    margin: { l: 52, r: layout.yaxis2 ? 52 : 16, t: 12, b: 44 },
    dragmode: false,
    hovermode: layout.hovermode ?? "closest",
    legend: { orientation: "h", y: -0.24, x: 0, font: { size: 12 }, ...layout.legend },
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis),
  };
  if (layout.yaxis2) styled.yaxis2 = axis(layout.yaxis2);
  return styled;
};

/** Draw a figure, or update the one that is there. */
export const draw = async (element, figure) => {
  drawn.set(element, figure);
  const Plotly = await plotly();
  if (drawn.get(element) !== figure) return; // a newer one came while Plotly was loading
  await Plotly.react(element, figure.data.map(styledTrace), styledLayout(figure.layout), CONFIG);
};

/** Write the numbers behind a figure into its table. */
export const fillTable = (table, figure) => {
  const row = (name, x, y) => {
    const tr = document.createElement("tr");
    const th = document.createElement("th");
    th.scope = "row";
    th.textContent = name;
    const cells = [x, y].map((value) => {
      const td = document.createElement("td");
      td.textContent = String(value);
      return td;
    });
    tr.append(th, ...cells);
    return tr;
  };
  const rows = figure.data.flatMap((trace) => [...trace.x].map((x, i) => row(trace.name, x, trace.y[i])));
  table.tBodies[0].replaceChildren(...rows);
};

document.addEventListener("themechange", () => {
  for (const [element, figure] of drawn) if (element.isConnected) draw(element, figure);
});
