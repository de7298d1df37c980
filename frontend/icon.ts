/** Address of the icon sheet, given by the page since its name carries a hash. */
export function iconSheet(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="vigie-icons"]')?.content ?? "";
}

/** The same drawing as the template tag `{% icon %}`. */
export function icon(name: string, className = "icon"): SVGSVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(namespace, "use");
  use.setAttribute("href", `${iconSheet()}#${name}`);
  svg.append(use);
  return svg;
}
