// Bundles one TypeScript program and runs it in Node: node run.mjs sealing/interop-run.ts
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = await mkdtemp(join(here, ".run-"));
const outfile = join(out, "program.mjs");
await esbuild.build({
  absWorkingDir: here,
  entryPoints: [process.argv[2]],
  bundle: true,
  format: "esm",
  platform: "node",
  packages: "external",
  outfile,
  logLevel: "warning",
});
const { status } = spawnSync(process.execPath, [outfile], { stdio: "inherit" });
await rm(out, { recursive: true });
process.exit(status ?? 1);
