// What the elements of the pages of keys send and ask: JSON, with the reader's own session.
import { csrfToken, sessionEnded } from "../csrf";

/** The server refused, or did not answer. `text` is for people, empty when the server said nothing readable. */
export class ServerRefusal extends Error {
  readonly status: number;
  readonly text: string;

  constructor(status: number, text = "") {
    super(`server: ${status}`);
    this.status = status;
    this.text = text;
  }
}

/** Posts a body, or reads without one. A session that ended shows as a redirection or a 401: `status` is 401. */
export async function ask<Answer>(url: string, body?: object): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body) Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": csrfToken() });
  const request: RequestInit = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  const response = await fetch(url, { ...request, credentials: "same-origin", redirect: "manual" }).catch(() => undefined);
  if (!response) throw new ServerRefusal(0);
  if (response.type === "opaqueredirect" || response.status === 401) {
    sessionEnded();
    throw new ServerRefusal(401);
  }
  const answer = (await response.json().catch(() => undefined)) as (Answer & { error?: string }) | undefined;
  if (!response.ok || !answer) throw new ServerRefusal(response.status, answer?.error ?? "");
  return answer;
}
