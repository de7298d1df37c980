// The elements of the pages of keys: what only these pages load.
import { KeyCeremony } from "./elements/key-ceremony/key-ceremony";
import { KeyConfirm } from "./elements/key-confirm/key-confirm";
import { KeyFingerprint } from "./elements/key-fingerprint/key-fingerprint";
import { KeyMethods } from "./elements/key-methods/key-methods";

customElements.define("key-ceremony", KeyCeremony);
customElements.define("key-confirm", KeyConfirm);
customElements.define("key-fingerprint", KeyFingerprint);
customElements.define("key-methods", KeyMethods);
