// Tabler's style sheet, cut down to what our templates, elements and tags use.
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PurgeCSS } from "purgecss";

const postcss = createRequire(import.meta.url)("postcss");

/**
 * Classes built by code from a value, which no file spells out. Keep it short: spell classes in full where they are
 * used instead. `kit-css.test.mjs` fails when one of them leaves the style sheet.
 */
export const SAFELIST = ["is-invalid", "invalid-feedback", "form-control", "form-select", "form-check-input"];

const words = (text) => text.match(/[A-Za-z0-9_-]+/g) ?? [];
const STRING = /(["'`])(?:(?!\1)[^\\]|\\.)*\1/g;

/** What may be a class: names and values in markup, strings in code; not what people read, nor comments. */
const EXTRACTORS = [
  {
    extensions: ["html"],
    extractor: (text) => words(text.replace(/\{#[\s\S]*?#\}/g, "").replace(/>[^<{]*</g, "><")),
  },
  {
    extensions: ["py"],
    extractor: (text) => words((text.replace(/"""[\s\S]*?"""/g, "").replace(/#.*/g, "").match(STRING) ?? []).join(" ")),
  },
  {
    extensions: ["ts"],
    extractor: (text) => words((text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "").match(STRING) ?? []).join(" ")),
  },
];

const DARK = "[data-bs-theme=dark]";

/** Every file that may name a class. */
async function sources(root) {
  const found = [];
  async function walk(folder, wanted) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (["node_modules", "__pycache__", "static", "tests"].includes(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await walk(path, wanted);
      else if (wanted(path)) found.push(path);
    }
  }
  await walk(
    join(root, "vigie"),
    (path) => path.endsWith(".html") || /\/(templatetags\/\w+|ui\/\w+)\.py$/.test(path),
  );
  await walk(join(root, "frontend"), (path) => path.endsWith(".ts") && !path.endsWith(".test.ts"));
  return found.sort();
}

/**
 * « Automatic » theme without a script, hence without a flash: each dark rule is repeated for data-bs-theme=auto under
 * the reader's preference.
 */
export function followPreference(sheet) {
  sheet.walkRules((rule) => {
    if (!rule.selector.includes(DARK) || rule.parent.name === "media") return;
    const dark = rule.selectors.filter((selector) => selector.includes(DARK) && !/theme=light/.test(selector));
    if (dark.length === 0) return;
    const copy = rule.clone({ selectors: dark.map((selector) => selector.replaceAll(DARK, "[data-bs-theme=auto]")) });
    const media = postcss.atRule({ name: "media", params: "screen and (prefers-color-scheme: dark)" });
    media.append(copy);
    rule.after(media);
  });
}

export async function trimmedKit({ root, tabler }) {
  const [purged] = await new PurgeCSS().purge({
    content: await sources(root),
    css: [{ raw: (await readFile(tabler, "utf8")).replace(/\/\*# sourceMappingURL.*?\*\//, "") }],
    safelist: SAFELIST,
    extractors: EXTRACTORS,
    // Names of attributes that are classes of Tabler too.
    blocklist: ["popover", "placeholder"],
    variables: false,
    keyframes: true,
  });
  const styles = join(root, "frontend", "styles");
  const own = (
    await Promise.all(
      (await readdir(styles)).map((name) => readFile(join(styles, name), "utf8")),
    )
  ).join("\n");
  const sheet = postcss.parse(purged.css);
  dropUnusedVariables(sheet, own);
  followPreference(sheet);
  return sheet.toString();
}

/** Tabler declares a thousand custom properties; those that nothing reads go, until none is left to drop. */
function dropUnusedVariables(sheet, own) {
  for (;;) {
    const read = new Set([...`${sheet.toString()}\n${own}`.matchAll(/var\(\s*(--[\w-]+)/g)].map((match) => match[1]));
    let dropped = 0;
    sheet.walkDecls(/^--/, (declaration) => {
      if (read.has(declaration.prop)) return;
      declaration.remove();
      dropped += 1;
    });
    if (dropped === 0) break;
  }
  sheet.walkRules((rule) => {
    if (rule.nodes.length === 0) rule.remove();
  });
}

/** Our own sheets, with the automatic theme added. */
export function ownSheet(css) {
  const sheet = postcss.parse(css);
  followPreference(sheet);
  return sheet.toString();
}
