// The one door by which HTML received from the server enters the page: sanitised here, and the browser refuses every
// other way (Content-Security-Policy: require-trusted-types-for 'script'; trusted-types vigie dompurify).
import DOMPurify from "dompurify";
import { iconSheet } from "./icon";

/** Our elements, as they may appear in a fragment. */
const ELEMENTS = /^(?:seal-lock|file-drop|keep-draft|submit-once|drop-menu|live-topics|read-mark|toast-note|offline-banner|sealed-text|sealed-input|sealing-state|copy-text|patient-register|patient-picker|patient-import)$/;

const purifier = DOMPurify(window);

purifier.addHook("uponSanitizeAttribute", (node, data) => {
  // htmx's own scripting: the policy would refuse to run it; it does not even enter the page.
  if (/^(?:data-)?hx-on/.test(data.attrName) || /^\s*(?:js|javascript):/i.test(data.attrValue)) {
    data.keepAttr = false;
    return;
  }
  if (/^(?:data-)?hx-/.test(data.attrName)) data.forceKeepAttr = true;
  if (node.nodeName.toLowerCase() === "use" && /href$/.test(data.attrName)) {
    data.keepAttr = data.attrValue.startsWith(`${iconSheet()}#`);
  }
});

const CONFIG = {
  ADD_TAGS: ["use", "title", "template"],
  ADD_ATTR: [
    "target", "form", "formaction", "formmethod", "formnovalidate", "novalidate", "autofocus", "popover",
    "popovertarget", "inert", "hx", "enterkeyhint", "inputmode", "maxlength", "minlength", "aria-current",
  ],
  FORBID_TAGS: ["style", "script", "iframe", "object", "embed", "base", "link", "meta"],
  FORBID_ATTR: ["style", "nonce", "srcdoc"],
  CUSTOM_ELEMENT_HANDLING: {
    tagNameCheck: ELEMENTS,
    attributeNameCheck: /^(?:data-[\w-]+|class|id|state|topics|token-url)$/,
    allowCustomizedBuiltInElements: false,
  },
  // Our forms have fields named « title » or « action »; no script here reads properties that a name could shadow.
  SANITIZE_DOM: false,
  ALLOW_UNKNOWN_PROTOCOLS: false,
};

/** Returns the fragment without anything that could run. A whole document keeps its head's title and its body. */
export function sanitised(html: string): string {
  const whole = /^\s*(?:<!doctype[^>]*>\s*)?<(?:html|head|body)\b/i.test(html);
  // htmx wraps fragments in a `<template>`, which the parser would put in the head, out of what is given back.
  return purifier.sanitize(html, { ...CONFIG, WHOLE_DOCUMENT: whole, FORCE_BODY: !whole });
}

interface HtmlPolicy {
  createHTML(html: string): unknown;
}

function policy(): HtmlPolicy {
  const factory = (window as unknown as { trustedTypes?: { createPolicy(name: string, rules: object): HtmlPolicy } }).trustedTypes;
  return factory?.createPolicy("vigie", { createHTML: sanitised }) ?? { createHTML: sanitised };
}

export const htmlPolicy: HtmlPolicy = policy();
