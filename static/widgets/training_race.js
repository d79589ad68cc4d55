// The race is streamed: both paths grow below the frontier as their policies train.
import { streamed } from "../live_run.js";

// As in app/widgets/training_race.py.
const RACERS = [
  { method: "dpo", name: "DPO", role: "optimised", symbol: "diamond" },
  { method: "rlhf", name: "RLHF (PPO)", role: "rejected", symbol: "square" },
];

/** @type {(rows: Row[], method: string) => Row[]} */
const pathOf = (rows, method) => rows.filter((row) => row.method === method);

/** A curve up to some x, since points beyond would set the scale of the axes; from right to left.
 *  @type {(curve: Trace, farthest: number) => Trace} */
const upTo = (curve, farthest) => {
  const first = curve.x.findIndex((x) => x <= farthest);
  if (first < 1) return curve;
  const [right, left] = [first - 1, first];
  const share = (farthest - curve.x[left]) / (curve.x[right] - curve.x[left]);
  const y = curve.y[left] + share * (curve.y[right] - curve.y[left]);
  return { ...curve, x: [farthest, ...curve.x.slice(first)], y: [y, ...curve.y.slice(first)] };
};

/** A path and its present end.
 *  @type {(path: Row[], racer: typeof RACERS[0]) => Trace[]} */
const tracesOf = (path, { name, role, symbol }) => {
  /** @type {(rows: Row[]) => { x: number[], y: number[] }} */
  const places = (rows) => ({ x: rows.map((row) => row.kl), y: rows.map((row) => row.true_quality) });
  const common = { type: "scatter", meta: role };
  return [
    { ...common, ...places(path), mode: "lines", name: `path of ${name}`, showlegend: false, line: { width: 2.5 } },
    { ...common, ...places(path.slice(-1)), mode: "markers", name, marker: { size: 11, symbol } },
  ];
};

/** The chart of a running race: the frontier and the paths so far.
 *  @type {(start: Figure, rows: Row[]) => Figure} */
const figureOf = ({ data, layout }, rows) => {
  const farthest = 1.15 * Math.max(2, ...rows.map((row) => row.kl));
  const paths = RACERS.map((racer) => ({ racer, path: pathOf(rows, racer.method) })).filter(({ path }) => path.length);
  return {
    data: [upTo(data[0], farthest), ...paths.flatMap(({ racer, path }) => tracesOf(path, racer))],
    // Labels belong elsewhere than with only the frontier.
    layout: { ...layout, meta: undefined },
  };
};

export default streamed((widget) => {
  /** @type {Figure} */
  let start = widget.result.figure;
  const legs = widget.result.dpo_last.leg;
  return {
    unit: "legs",
    perStep: 2,
    total: () => legs,
    done: (rows) => rows.at(-1)?.leg ?? 0,
    begun: (data) => {
      start = data.figure;
    },
    drawn: (rows) => {
      for (const { method } of RACERS) {
        const last = pathOf(rows, method).at(-1);
        if (last) widget.bind({ [`${method}_last`]: last });
      }
      widget.plot("figure", figureOf(start, rows));
    },
  };
});
