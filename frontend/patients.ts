// The pages of a patient register, and those where a patient is cited: what is sealed, and what finds in it.
import "./sealing";
import { PatientImport } from "./elements/patient-import/patient-import";
import { PatientPicker } from "./elements/patient-picker/patient-picker";
import { PatientRegister } from "./elements/patient-register/patient-register";

customElements.define("patient-import", PatientImport);
customElements.define("patient-picker", PatientPicker);
customElements.define("patient-register", PatientRegister);
