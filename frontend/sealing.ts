// The sealed values of a page. Loaded only where there are some.
import { holdForms, SealedInput } from "./elements/sealed-input/sealed-input";
import { SealedText } from "./elements/sealed-text/sealed-text";
import { SealingState, watchPage } from "./elements/sealing-state/sealing-state";

holdForms();
watchPage();
customElements.define("sealing-state", SealingState);
customElements.define("sealed-text", SealedText);
customElements.define("sealed-input", SealedInput);
