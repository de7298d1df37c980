// Bundles each *.test.ts and runs them with Node's own test runner, in a simulated page.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
// Not in node_modules: Node’s test runner passes over what is there.
const out = await mkdtemp(join(here, ".tests-"));
const found = (await readdir(here, { recursive: true })).filter(
  (name) => /\.test\.ts$/.test(name) && !name.includes("node_modules"),
);
await esbuild.build({
  absWorkingDir: here,
  entryPoints: found,
  bundle: true,
  format: "esm",
  platform: "node",
  packages: "external",
  outdir: out,
  outbase: here,
  outExtension: { ".js": ".mjs" },
  logLevel: "warning",
});
const bundles = found.map((name) => relative(here, join(out, name.replace(/\.ts$/, ".mjs"))));
const { status } = spawnSync(process.execPath, ["--test", ...bundles, "kit-css.test.mjs"], { cwd: here, stdio: "inherit" });
await rm(out, { recursive: true });
process.exit(status ?? 1);
