// Builds the assets into vigie/ui/static/dist: hashed names, a manifest, compressed copies.
//
//   node build.mjs                  once
//   node build.mjs --keep-recent    the same, leaving files of the last hour that a running server may still name
//   node build.mjs --watch          again whenever a source or a template changes
import { createHash } from "node:crypto";
import { watch } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import * as esbuild from "esbuild";
import { ownSheet, trimmedKit } from "./kit-css.mjs";
import { sprite } from "./sprite.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const dist = join(root, "vigie", "ui", "static", "dist");
const require = createRequire(import.meta.url);
const compress = { br: promisify(brotliCompress), gz: promisify(gzip) };

/** Base 32 in capitals, as esbuild names its own files, so that one pattern recognises every hashed name. */
function shortHash(content) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const digest = createHash("sha256").update(content).digest();
  return Array.from(digest.subarray(0, 8), (byte) => alphabet[byte & 31]).join("");
}

const kitCss = {
  name: "kit-css",
  setup(build) {
    build.onResolve({ filter: /^kit:tabler$/ }, () => ({ path: "tabler", namespace: "kit" }));
    build.onLoad({ filter: /.*/, namespace: "kit" }, async () => ({
      contents: await trimmedKit({ root, tabler: require.resolve("@tabler/core/dist/css/tabler.css") }),
      loader: "css",
      resolveDir: here,
    }));
    build.onLoad({ filter: /styles\/[\w-]+\.css$/ }, async ({ path }) => ({
      contents: ownSheet(await readFile(path, "utf8")),
      loader: "css",
    }));
  },
};

async function build() {
  const outputs = new Map();
  const bundle = await esbuild.build({
    absWorkingDir: here,
    entryPoints: {
      app: "app.ts",
      keys: "keys.ts",
      "live-worker": "live-worker.ts",
      patients: "patients.ts",
      sealing: "sealing.ts",
      "app-style": "styles/app.css",
    },
    bundle: true,
    format: "esm",
    target: ["chrome111", "firefox115", "safari16.4"],
    minify: true,
    legalComments: "none",
    metafile: true,
    write: false,
    outdir: dist,
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".woff2": "file" },
    plugins: [kitCss],
    logLevel: "warning",
  });
  const manifest = { files: {}, icons: [] };
  for (const file of bundle.outputFiles) outputs.set(relative(dist, file.path), Buffer.from(file.contents));
  for (const [path, output] of Object.entries(bundle.metafile.outputs)) {
    const name = relative(dist, join(here, path));
    const entry = output.entryPoint;
    if (entry === "app.ts") manifest.files["app.js"] = { file: name };
    else if (entry === "keys.ts") manifest.files["keys.js"] = { file: name };
    else if (entry === "live-worker.ts") manifest.files["live-worker.js"] = { file: name };
    else if (entry === "styles/app.css") manifest.files["app.css"] = { file: name };
    else manifest.files[name.replace(/-[0-9A-Z]{8}(\.\w+)$/, "$1")] = { file: name };
  }
  const icons = JSON.parse(await readFile(join(here, "icons.json"), "utf8"));
  const drawn = await sprite({ icons, folder: join(here, "node_modules", "@tabler", "icons", "icons") });
  manifest.icons = icons;
  const sheet = `icons-${shortHash(drawn)}.svg`;
  outputs.set(sheet, Buffer.from(drawn));
  manifest.files["icons.svg"] = { file: sheet };
  for (const entry of Object.values(manifest.files)) {
    const content = outputs.get(entry.file);
    entry.bytes = content.length;
    entry.integrity = `sha384-${createHash("sha384").update(content).digest("base64")}`;
  }

  // A running server may read the folder at any moment: new files first, then the manifest, then the old ones go.
  await mkdir(dist, { recursive: true });
  const kept = new Set(["manifest.json"]);
  for (const [name, content] of outputs) {
    await writeFile(join(dist, name), content);
    kept.add(name);
    if (name.endsWith(".woff2")) continue;
    await writeFile(join(dist, `${name}.gz`), await compress.gz(content, { level: 9 }));
    await writeFile(
      join(dist, `${name}.br`),
      await compress.br(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
    );
    kept.add(`${name}.gz`).add(`${name}.br`);
  }
  await writeFile(join(dist, "manifest.json.new"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(join(dist, "manifest.json.new"), join(dist, "manifest.json"));
  const keepRecent = process.argv.includes("--keep-recent") || process.argv.includes("--watch");
  for (const name of await readdir(dist)) {
    if (kept.has(name)) continue;
    if (keepRecent && Date.now() - (await stat(join(dist, name))).mtimeMs < 3_600_000) continue;
    await rm(join(dist, name));
  }
  return manifest;
}

async function report() {
  const started = Date.now();
  const manifest = await build();
  const total = Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`assets: ${Object.keys(manifest.files).length} files, ${Math.round(total / 1024)} KiB, ${Date.now() - started} ms`);
}

await report();
if (process.argv.includes("--watch")) {
  let timer;
  const again = (_event, name) => {
    if (name && /(^|\/)(node_modules|static|tests|__pycache__)\//.test(`${name}/`)) return;
    if (name && !/\.(css|ts|html|json|svg|py)$/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => report().catch((error) => console.error(error.message)), 150);
  };
  for (const folder of [here, join(root, "vigie")]) watch(folder, { recursive: true }, again);
}
