import "./trusted-types";
import "./htmx";
import "./shell";
import { DropMenu } from "./elements/drop-menu/drop-menu";
import { FileDrop } from "./elements/file-drop/file-drop";
import { KeepDraft } from "./elements/keep-draft/keep-draft";
import { LiveTopics } from "./elements/live-topics/live-topics";
import { OfflineBanner } from "./elements/offline-banner/offline-banner";
import { SubmitOnce } from "./elements/submit-once/submit-once";
import { ToastNote } from "./elements/toast-note/toast-note";

customElements.define("drop-menu", DropMenu);
customElements.define("file-drop", FileDrop);
customElements.define("keep-draft", KeepDraft);
customElements.define("live-topics", LiveTopics);
customElements.define("offline-banner", OfflineBanner);
customElements.define("submit-once", SubmitOnce);
customElements.define("toast-note", ToastNote);
