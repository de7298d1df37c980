// The token that proves that a request comes from our pages. Signing in changes it: a page that was open before must
// get the new one, or what was typed in it could not be sent any more.

export function csrfToken(within: ParentNode = document): string {
  return (
    within.querySelector<HTMLInputElement>('input[name="csrfmiddlewaretoken"]')?.value ??
    document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ??
    ""
  );
}

let hasEnded = false;

/** Says that the server no longer knows us. Coming back to this window, perhaps from signing in beside, tries again. */
export function sessionEnded(): void {
  hasEnded = true;
}

/** Takes the token of a page of ours into this one; false while nobody is signed in. */
export async function renewToken(): Promise<boolean> {
  const page = document.body.dataset["tokenPage"];
  if (!page) return false;
  const response = await fetch(page, { credentials: "same-origin" }).catch(() => undefined);
  if (!response?.ok || response.redirected) return false;
  const token = /<meta name="csrf-token" content="(\w+)"/.exec(await response.text())?.[1];
  if (!token) return false;
  for (const field of document.querySelectorAll<HTMLInputElement>('input[name="csrfmiddlewaretoken"]')) field.value = token;
  document.querySelector('meta[name="csrf-token"]')?.setAttribute("content", token);
  return true;
}

/** Announced on the document when the session is back. */
export const SESSION_BACK = "vigie:session-back";

if (typeof window !== "undefined") {
  window.addEventListener("focus", () => {
    if (!hasEnded) return;
    void renewToken().then((renewed) => {
      if (!renewed) return;
      hasEnded = false;
      document.dispatchEvent(new CustomEvent(SESSION_BACK));
    });
  });
}
