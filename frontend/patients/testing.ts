// For tests: a register whose patients are truly sealed, a workstation that opens it, a server that answers.
import assert from "node:assert/strict";
import { makeDataKey, openDataKey } from "../sealing/data-key";
import { sealField } from "../sealing/field";
import { newRevision } from "../sealing/identifiers";
import { kitKey, makeKit } from "../sealing/secrets";
import type { SealingSession } from "../sealing/session";
import { testPins, testSite } from "../sealing/testing";
import { makeWrap, openWrap } from "../sealing/wraps";
import type { Row } from "./register";

export type Asked = { url: string; request: RequestInit | undefined };

/** Answers `/lot/` by batches of two patients, `/anneau/` with the ring; keeps what else is asked. */
export async function testRegister(people: { family_name: string; given_name: string; birth_date: string; emr?: string }[]) {
  const [site, instance] = [await testSite(), newRevision()];
  const scope = `dat:${site.id}`;
  const dataKey = await makeDataKey({ scope, number: 1, recipients: [site.kid], signer: site.held, pins: testPins(site) });
  const key = await openDataKey({ record: dataKey, held: [site.held], pins: testPins(site) });
  const rows: Row[] = [];
  for (const { emr = "", ...fields } of people) {
    const row: Row = { id: newRevision(), reference: rows.length + 1, emr };
    for (const [field, text] of Object.entries(fields)) {
      row[field] = await sealField({ key, place: { instance, scope, record: `patient:${row.id}`, field }, text });
    }
    rows.push(row);
  }
  const asked: Asked[] = [];
  const server = { isDown: false, answer: async (_one: Asked): Promise<Response> => new Response("{}", { status: 404 }) };
  globalThis.fetch = async (input, request) => {
    const one = { url: String(input), request };
    asked.push(one);
    if (server.isDown) return new Response("", { status: 503 });
    if (one.url.startsWith("/anneau/")) {
      return Response.json({ v: 1, instance, site: site.id, keys: [site.record], dataKeys: [dataKey], confirmations: [], withdrawn: [] });
    }
    if (!one.url.startsWith("/lot/")) return server.answer(one);
    const after = Number(new URL(one.url, "http://localhost").searchParams.get("apres"));
    const some = rows.filter(({ reference }) => reference > after).slice(0, 2);
    const last = some.at(-1)?.reference ?? 0;
    return Response.json({ v: 1, rows: some, next: last > 0 && last < rows.length ? last : null });
  };
  const state = `<sealing-state data-instance="${instance}" data-site="${site.id}" data-ring-url="/anneau/" data-idle-minutes="15"></sealing-state>`;
  return { site, instance, scope, key, rows, asked, server, state };
}

/** What the page of keys does. */
export async function openWorkstation(session: SealingSession, { held: made, kid, record }: Awaited<ReturnType<typeof testSite>>): Promise<void> {
  const wrappingKey = await kitKey(makeKit(), kid);
  const wrap = await makeWrap({ made, method: "kit", kdf: { alg: "hkdf-sha256" }, wrappingKey });
  const held = await openWrap({ wrap, keys: made.keys, wrappingKey });
  await session.install({ held, record, workstation: { id: newRevision(), name: "Accueil 2", method: "kit" } });
}

export async function settled(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !condition(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(condition(), document.body.innerHTML);
}
