// Compile the kernels of the lab to WebAssembly. Bundle the scripts of offline copies, as classic scripts: browsers load no
// modules from disk. And minify the modules of pages, each for itself, named by the hash of its source
// (app/web/static_files.py).
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

import { main as compile } from "assemblyscript/asc";
import { build, transform } from "esbuild";

const root = new URL("../static/", import.meta.url).pathname;

// A fixed memory of 512 pages, 32 MiB, has room for seven networks; one that grew would cut off the arrays in it.
const options = ["--enable", "simd", "-O3", "--noAssert", "--runtime", "stub", "--initialMemory", "512", "--maximumMemory", "512"];
const { error, stderr } = await compile(["lab/kernels.ts", "--baseDir", root, "--outFile", "built/kernels.wasm", ...options]);
if (error) throw new Error(`${stderr}`, { cause: error });

/** A copy looks results up instead of requesting them, and reads files of the lab by scripts. */
const offline = {
  name: "offline",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\.?\/server\.js$/ }, () => ({ path: `${root}offline.js` }));
    onResolve({ filter: /^\.\/check_server\.js$/ }, () => ({ path: `${root}check_offline.js` }));
    onResolve({ filter: /^\.\/machine_parts\.js$/ }, () => ({ path: `${root}offline_parts.js` }));
  },
};

await build({
  absWorkingDir: root,
  entryPoints: ["widget.js", "reading.js", "embedded.js", "own_checks.js", "check.js"],
  outdir: "built",
  bundle: true,
  format: "iife",
  charset: "utf8",
  plugins: [offline],
  // Copies do not load what needs a server.
  external: ["./receipt.js", "./share.js"],
});

// What browsers compute, one worker a widget, and one that checks; each is started from its text.
const workers = globSync("../build/javascript/workers/*.js", { cwd: root });
await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries([["checks", "lab/checks/worker.js"], ...workers.map((file) => [basename(file, ".js"), file])]),
  outdir: "built/workers",
  bundle: true,
  loader: { ".wasm": "binary" },
  minify: true,
  format: "iife",
  charset: "utf8",
});

const minified = `${root}built/minified/`;
rmSync(minified, { recursive: true, force: true });
mkdirSync(minified, { recursive: true });
for (const file of globSync(["*.js", "widgets/*.js"], { cwd: root })) {
  const source = readFileSync(root + file);
  const { code } = await transform(source, { minify: true, charset: "utf8" });
  writeFileSync(`${minified}${createHash("sha256").update(source).digest("hex").slice(0, 20)}.js`, code);
}
