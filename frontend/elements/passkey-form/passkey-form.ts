type Json = Record<string, unknown>;
interface Named {
  id: string;
  type: PublicKeyCredentialType;
}

/**
 * Around a form with a hidden `credential`: sending it asks the browser for a passkey first.
 *
 * What to ask for is JSON in a data block inside the element, or is fetched from `data-options-url` at that moment.
 * `data-creates` registers a new key; a checked `passwordless` asks for one that is found without an address. Hidden
 * until the browser is known to speak to keys; `data-failed` and `data-unsupported` are words for the reader.
 */
export class PasskeyForm extends HTMLElement {
  connectedCallback(): void {
    if (!("PublicKeyCredential" in window)) {
      const text = this.dataset["unsupported"];
      if (text) this.#tell(text);
      return;
    }
    this.hidden = false;
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#ask(event.target as HTMLFormElement);
    });
  }

  async #ask(form: HTMLFormElement): Promise<void> {
    this.#tell("");
    try {
      const credential = "creates" in this.dataset ? await this.#create(form) : await this.#get();
      const field = form.elements.namedItem("credential") as HTMLInputElement;
      field.value = JSON.stringify(credential);
    } catch {
      this.#tell(this.dataset["failed"] ?? "");
      return;
    }
    form.submit();
  }

  async #get(): Promise<Json> {
    const asked = ((await this.#options())["request_options"] as Json)["publicKey"] as Json;
    const publicKey = {
      ...asked,
      challenge: decoded(asked["challenge"] as string),
      allowCredentials: keys(asked["allowCredentials"]),
    } as PublicKeyCredentialRequestOptions;
    const found = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
    const response = found.response as AuthenticatorAssertionResponse;
    return {
      ...described(found),
      response: {
        clientDataJSON: encoded(response.clientDataJSON),
        authenticatorData: encoded(response.authenticatorData),
        signature: encoded(response.signature),
        userHandle: response.userHandle ? encoded(response.userHandle) : null,
      },
    };
  }

  async #create(form: HTMLFormElement): Promise<Json> {
    const asked = ((await this.#options())["creation_options"] as Json)["publicKey"] as Json;
    const user = asked["user"] as Json;
    const alone = (form.elements.namedItem("passwordless") as HTMLInputElement | null)?.checked ?? false;
    const publicKey = {
      ...asked,
      challenge: decoded(asked["challenge"] as string),
      user: { ...user, id: decoded(user["id"] as string) },
      excludeCredentials: keys(asked["excludeCredentials"]),
      authenticatorSelection: {
        ...(asked["authenticatorSelection"] as Json),
        residentKey: alone ? "required" : "discouraged",
        requireResidentKey: alone,
        ...(alone ? { userVerification: "required" } : {}),
      },
    } as unknown as PublicKeyCredentialCreationOptions;
    const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
    const response = made.response as AuthenticatorAttestationResponse;
    return {
      ...described(made),
      response: {
        clientDataJSON: encoded(response.clientDataJSON),
        attestationObject: encoded(response.attestationObject),
        transports: response.getTransports(),
      },
    };
  }

  async #options(): Promise<Json> {
    const address = this.dataset["optionsUrl"];
    if (!address) return JSON.parse(this.querySelector('script[type="application/json"]')?.textContent ?? "{}") as Json;
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(String(response.status));
    return (await response.json()) as Json;
  }

  #tell(text: string): void {
    const place = this.querySelector<HTMLElement>("[data-error]");
    if (!place) return;
    place.textContent = text;
    place.hidden = text === "";
    place.classList.toggle("is-shown", text !== "");
  }
}

function described(credential: PublicKeyCredential): Json {
  return {
    id: credential.id,
    rawId: encoded(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

function keys(listed: unknown): PublicKeyCredentialDescriptor[] {
  return ((listed ?? []) as Named[]).map((key) => ({ type: key.type, id: decoded(key.id) }));
}

/** Bytes of base64url, as WebAuthn writes them in JSON. */
export function decoded(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function encoded(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
