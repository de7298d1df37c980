// A file of patients, read in the browser: what it holds is sealed before anything leaves.

/** A row of the file, by field; `line` is where it stands in the file, from 1. */
export interface FileRow {
  line: number;
  values: Record<string, string>;
}

export interface Table {
  header: string[];
  rows: { line: number; cells: string[] }[];
}

const BOM = "\ufeff";

/** Reads UTF-8, or else what spreadsheets in French write when asked for nothing. */
export function decoded(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(BOM, "");
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/**
 * Reads RFC 4180, with the separator that the first line uses most: semicolon, comma or tabulation. Lines are counted as
 * people see them, breaks inside cells included, which readers of npm do not do (and Papa Parse 5.7.1 ends a cell at `"";`).
 */
export function parsed(text: string): Table {
  const separator = separatorOf(text);
  const records: { line: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  let line = 1;
  let startedAt = 1;
  const endRecord = () => {
    cells.push(cell);
    if (cells.some((one) => one.trim())) records.push({ line: startedAt, cells: cells.map((one) => one.trim()) });
    cells = [];
    cell = "";
    startedAt = line;
  };
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (character === "\n") line += 1;
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[index + 1] === '"') cell += text[(index += 1)];
      else isQuoted = false;
    } else if (character === '"' && !cell.trim()) {
      cell = "";
      isQuoted = true;
    } else if (character === separator) {
      cells.push(cell);
      cell = "";
    } else if (character === "\n") endRecord();
    else if (character !== "\r") cell += character;
  }
  endRecord();
  const [first, ...rows] = records;
  return { header: first?.cells ?? [], rows };
}

function separatorOf(text: string): string {
  const first = text.slice(0, text.indexOf("\n") + 1 || undefined).replace(/"(?:[^"]|"")*"/g, "");
  const counts = [";", ",", "\t"].map((mark) => [first.split(mark).length, mark] as const);
  return counts.sort((one, other) => other[0] - one[0])[0]?.[1] ?? ";";
}

/** Names that columns bear in files of hospitals, without accents nor signs; the field's own name counts too. */
const COLUMNS: Record<string, string[]> = {
  family_name: ["nom", "nom usuel", "nom d usage", "nom de famille", "last name", "family name", "surname"],
  birth_name: ["nom de naissance", "nom naissance", "nom de jeune fille", "birth name"],
  given_name: ["prenom", "prenoms", "prenom usuel", "first name", "given name"],
  birth_date: ["date de naissance", "date naissance", "ddn", "ne le", "nee le", "naissance", "birth date", "date of birth", "dob"],
  phone: ["telephone", "tel", "portable", "mobile", "numero de telephone", "phone"],
  email: ["adresse electronique", "courriel", "email", "e mail", "mail", "mel"],
  address: ["adresse", "adresse postale", "address"],
  note: ["remarque", "remarques", "commentaire", "note", "notes", "comment"],
  emr: ["identifiant dpi", "ipp", "dpi", "numero dpi", "identifiant", "numero patient", "emr", "emr identifier", "patient id"],
};

function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
}

/** Tells which field each column is, "" for one that is left out; a field is taken once. */
export function fieldsOf(header: string[]): string[] {
  const taken = new Set<string>();
  return header.map((title) => {
    const words = plain(title);
    const found = Object.entries(COLUMNS).find(([field, names]) => !taken.has(field) && (plain(field) === words || names.includes(words)));
    if (!found) return "";
    taken.add(found[0]);
    return found[0];
  });
}

export function rowsOf(table: Table, fields: string[]): FileRow[] {
  return table.rows.map(({ line, cells }) => ({
    line,
    values: Object.fromEntries(fields.flatMap((field, column) => (field && cells[column] ? [[field, cells[column]]] : []))),
  }));
}

/** « 5/6/1983 », « 05.06.1983 », « 1983-06-05 » → « 1983-06-05 »; "" for what is no date, or one to come. */
export function isoDate(text: string, today: Date = new Date()): string {
  const french = /^(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})$/.exec(text);
  const iso = /^(\d{4})-(\d{2})-(\d{2})(?:T.*)?$/.exec(text);
  const [year, month, day] = (french ? [french[3], french[2], french[1]] : iso ? iso.slice(1, 4) : []).map(Number);
  if (!year || !month || !day) return "";
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal && year >= 1850 && date.getTime() <= today.getTime() ? date.toISOString().slice(0, 10) : "";
}

export type Fault = "no-name" | "bad-date" | "bad-identifier" | "twice" | "too-long" | "known";

const IDENTIFIER = /^[\p{L}\p{N}_./-]{1,40}$/u;
const LONGEST = 2000;

/** Checks a row and returns it as it will be sealed, with what is wrong in it. `seen` gathers identifiers of the rows before. */
export function checked(row: FileRow, seen: Set<string>, known: ReadonlySet<string>): { row: FileRow; faults: Fault[] } {
  const values = { ...row.values };
  const faults: Fault[] = [];
  if (!values["family_name"]) faults.push("no-name");
  if (values["birth_date"]) {
    const date = isoDate(values["birth_date"]);
    if (date) values["birth_date"] = date;
    else faults.push("bad-date");
  }
  const identifier = values["emr"];
  if (identifier) {
    if (!IDENTIFIER.test(identifier)) faults.push("bad-identifier");
    else if (known.has(identifier)) faults.push("known");
    else if (seen.has(identifier)) faults.push("twice");
    seen.add(identifier);
  }
  if (Object.values(values).some((value) => value.length > LONGEST)) faults.push("too-long");
  return { row: { line: row.line, values }, faults };
}
