// Writes one program, bundled for a browser, to the standard output: node bundle.mjs sealing/trial.ts
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const { outputFiles } = await esbuild.build({
  absWorkingDir: dirname(fileURLToPath(import.meta.url)),
  entryPoints: [process.argv[2]],
  bundle: true,
  format: "iife",
  target: "chrome111",
  write: false,
  logLevel: "warning",
});
process.stdout.write(outputFiles[0].contents);
