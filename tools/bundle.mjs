// Bundle the scripts of offline copies, as classic scripts: browsers load no modules from disk.
import { build } from "esbuild";

const root = new URL("../static/", import.meta.url).pathname;

/** A copy looks results up instead of requesting them. */
const offline = {
  name: "offline",
  setup: ({ onResolve }) => onResolve({ filter: /^\.\.?\/server\.js$/ }, () => ({ path: `${root}offline.js` })),
};

await build({
  absWorkingDir: root,
  entryPoints: ["widget.js", "reading.js", "embedded.js"],
  outdir: "built",
  bundle: true,
  format: "iife",
  charset: "utf8",
  plugins: [offline],
  // Copies do not load what needs a server.
  external: ["./receipt.js", "./share.js"],
});
