// The scripts of offline copies, made at set-up: classic ones, for browsers load no modules from disk.
import { build } from "esbuild";

const root = new URL("../static/", import.meta.url).pathname;

/** A copy asks no server. */
const offline = {
  name: "offline",
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/server\.js$/ }, () => ({ path: `${root}offline.js` })),
};

await build({
  absWorkingDir: root,
  entryPoints: ["widget.js", "reading.js", "embedded.js"],
  outdir: "built",
  bundle: true,
  format: "iife",
  charset: "utf8",
  plugins: [offline],
  // What is shown of a state by a server alone is never asked for.
  external: ["./receipt.js", "./share.js"],
});
