// What the checks of the lab {data} come to against the numbers {recorded}, with seconds of CPU time.
import { readFileSync } from "node:fs";
import { kindsOf } from "../../static/lab/checks/kinds.js";
import { answer, asked } from "./answer.js";

const kernels = readFileSync(new URL("../../static/built/kernels.wasm", import.meta.url));
answer(
  kindsOf(asked.data, asked.recorded, kernels).map(({ title, tolerance, checks }) => {
    const before = process.cpuUsage().user;
    const outcomes = checks.map((check) => check());
    return { title, tolerance, seconds: (process.cpuUsage().user - before) / 1e6, outcomes };
  }),
);
