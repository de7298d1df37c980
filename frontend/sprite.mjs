// One SVG file with a symbol for each icon of icons.json, drawn by Tabler (MIT).
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export async function sprite({ icons, folder }) {
  const symbols = await Promise.all(
    icons.map(async (name) => {
      const source = await readFile(join(folder, "outline", `${name}.svg`), "utf8");
      const shapes = source
        .replace(/<!--[\s\S]*?-->/g, "")
        .replace(/^[\s\S]*?<svg[^>]*>/, "")
        .replace(/<\/svg>\s*$/, "")
        .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, "")
        .replace(/\s*\n\s*/g, "");
      return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}
