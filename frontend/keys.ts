// The elements of the pages of keys: what only these pages load.
import { KeyCeremony } from "./elements/key-ceremony/key-ceremony";
import { KeyConfirm } from "./elements/key-confirm/key-confirm";
import { KeyFingerprint } from "./elements/key-fingerprint/key-fingerprint";
import { KeyMethods } from "./elements/key-methods/key-methods";
import { KeyPins } from "./elements/key-pins/key-pins";
import { KeyUnlock } from "./elements/key-unlock/key-unlock";
import { KeyWork } from "./elements/key-work/key-work";
import { watchPage } from "./elements/sealing-state/sealing-state";

watchPage();
customElements.define("key-ceremony", KeyCeremony);
customElements.define("key-confirm", KeyConfirm);
customElements.define("key-fingerprint", KeyFingerprint);
customElements.define("key-methods", KeyMethods);
customElements.define("key-pins", KeyPins);
customElements.define("key-unlock", KeyUnlock);
customElements.define("key-work", KeyWork);
