// The recovery kit on paper: its text, and its QR code drawn here.
import { encode } from "uqr";
import type { PublicKeys } from "../sealing/keys";
import { readKid } from "../sealing/identifiers";
import { kitCode, kitText } from "../sealing/secrets";
import type { Bytes } from "../sealing/encoding";

const SVG = "http://www.w3.org/2000/svg";

/** Fills the sheet (`sealing/_secret_kit.html`) that is inside an element. */
export async function fillKit(within: ParentNode, { kit, keys }: { kit: Bytes; keys: PublicKeys }): Promise<void> {
  write(within, "[data-kit-text]", await kitText(kit));
  write(within, ".kit-sheet [data-fingerprint]", keys.fingerprint);
  write(within, ".kit-sheet [data-check]", keys.check);
  write(within, "[data-epoch]", String(readKid(keys.kid).epoch));
  write(within, "[data-today]", new Date().toLocaleDateString(document.documentElement.lang || "fr"));
  within.querySelector("[data-kit-qr]")?.replaceChildren(drawn(await kitCode(keys.kid, kit)));
}

/** Leaves nothing of it in the page. */
export function emptyKit(within: ParentNode): void {
  write(within, "[data-kit-text]", "");
  within.querySelector("[data-kit-qr]")?.replaceChildren();
}

function drawn(text: string): SVGSVGElement {
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join(""));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.append(path);
  return svg;
}

function write(within: ParentNode, selector: string, text: string): void {
  const place = within.querySelector(selector);
  if (place) place.textContent = text;
}
